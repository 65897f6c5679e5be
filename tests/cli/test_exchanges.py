from pathlib import Path

import asyncpg
import pytest

from registry.database import Database
from registry.embedded import Addresses
from tests.cli.conftest import Run

VENDORS = "siren,name\n000000109,Éditeur\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "vendors.csv").write_text(VENDORS)
    return folder


def test_a_bundle_goes_in_once_and_comes_out(run: Run, bundle: Path, tmp_path: Path) -> None:
    rehearsed = run("import", "bundle", str(bundle), "--dry-run")
    assert (rehearsed.code, "1 éditeurs créés" in rehearsed.err) == (0, True)
    assert "1 éditeurs créés" in run("import", "bundle", str(bundle)).err
    assert "Rien n’a changé" in run("import", "bundle", str(bundle)).err
    out = tmp_path / "out"
    assert run("export", "bundle", str(out)).code == 0
    assert (out / "vendors.csv").read_text() == (
        "siren,name,website,parent_siren,contact\n000000109,Éditeur,,,\n"
    )


def test_every_fault_is_listed_and_nothing_is_written(run: Run, bundle: Path) -> None:
    (bundle / "vendors.csv").write_text(VENDORS + "123,Faux\n000000109,Deux fois\n")
    outcome = run("import", "bundle", str(bundle))
    assert outcome.code == 1
    assert "vendors.csv, ligne 3, colonne siren : « 123 » : ce n’est pas un SIREN" in outcome.err
    assert "vendors.csv, ligne 4, colonne siren" in outcome.err
    assert "Rien n’a été écrit : 2 anomalie(s) à corriger." in outcome.err
    assert "1 éditeurs créés" in run("import", "bundle", str(_only(bundle, VENDORS))).err


def _only(bundle: Path, vendors: str) -> Path:
    (bundle / "vendors.csv").write_text(vendors)
    return bundle


def test_the_referential_loads_and_does_not_go_back(run: Run) -> None:
    loaded = run("import", "referential", "--vintage", "2026")
    assert loaded.code == 0
    assert "34\u202f969 communes, 1\u202f255 intercommunalités, 100 départements" in loaded.err
    back = run("import", "referential", "--vintage", "2022")
    assert back.code == 1
    assert "2022" in back.err
    assert "2026" in back.err
    unknown = run("import", "referential", "--vintage", "2019")
    assert (unknown.code, "2019" in unknown.err) == (1, True)
    assert run("verify").code == 0


def test_datapass_keeps_what_it_can(run: Run) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "datapass" / "vendors.yml"
    outcome = run("import", "datapass", str(fixture))
    assert outcome.code == 0
    assert "vendors.yml, ligne" in outcome.out
    assert run("verify").code == 0


@pytest.fixture
async def tampered(database: Database, addresses: Addresses) -> None:
    """A figure changed behind the ledger's back, by the owner of the database."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        await owner.execute("UPDATE campaign SET grant_amount_cents = 1 + grant_amount_cents")
    finally:
        await owner.close()


@pytest.mark.usefixtures("tampered")
def test_verify_tells_the_first_difference(run: Run) -> None:
    outcome = run("verify")
    assert outcome.code == 1
    assert "journal et registre (campaign) : campaign" in outcome.err


def test_a_database_that_is_away_is_told_without_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACCORD_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.delenv("RACCORD_OWNER_DATABASE_URL")
    outcome = run("coverage")
    assert outcome.code == 1
    assert "ne répond pas" in outcome.err


def test_a_database_behind_the_code_is_refused_with_the_way_out(
    run: Run, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = addresses.superuser
    monkeypatch.setenv("RACCORD_DATABASE_URL", empty)
    monkeypatch.setenv("RACCORD_OWNER_DATABASE_URL", empty)
    outcome = run("coverage")
    assert outcome.code == 1
    assert "lancez « raccord migrate »" in outcome.err
