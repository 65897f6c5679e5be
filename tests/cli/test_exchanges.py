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
    assert (rehearsed.code, "1 éditeur créé" in rehearsed.err) == (0, True)
    assert "1 éditeur créé" in run("import", "bundle", str(bundle)).err
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
    assert "Rien n’a été écrit : 2 anomalies à corriger." in outcome.err
    assert "1 éditeur créé" in run("import", "bundle", str(_only(bundle, VENDORS))).err


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
    assert "50 éditeurs créés\n  51 logiciels créés\n" in outcome.err
    assert "étapes d’intégration créées" in outcome.err
    assert "Rien n’a changé" in run("import", "datapass", str(fixture)).err
    assert run("verify").code == 0


def test_numbers_agree_with_what_they_count(run: Run, bundle: Path) -> None:
    (bundle / "vendors.csv").write_text(VENDORS + "123,Faux\n")
    assert "Rien n’a été écrit : 1 anomalie à corriger." in run("import", "bundle", str(bundle)).err
    (bundle / "commitments.csv").write_text(
        "vendor_siren,effective_on,state\n000000109,2024-01-01,SIGNED\n"
    )
    told = run("import", "bundle", str(_only(bundle, VENDORS))).err
    assert "  1 étape d’engagement créée\n  1 éditeur créé\n" in told
    (bundle / "commitments.csv").write_text(
        "vendor_siren,effective_on,state\n"
        "000000109,2024-02-01,WITHDRAWN\n000000109,2024-03-01,SIGNED\n"
    )
    assert "  2 étapes d’engagement créées\n" in run("import", "bundle", str(bundle)).err


def test_an_empty_registry_tells_what_to_load(run: Run) -> None:
    outcome = run("collectivite", "01004")
    assert outcome.code == 1
    assert "raccord import referential --vintage 2026" in outcome.err


def test_an_export_into_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("déjà là")
    outcome = run("export", "bundle", str(place))
    assert (outcome.code, outcome.err) == (1, f"« {place} » n’est pas un dossier.\n")
    assert place.read_text() == "déjà là"


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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RACCORD_POOL_SIZE", "abc", "valeur refusée, « abc » : un nombre entier est attendu."),
        ("RACCORD_POOL_SIZE", "2", "RACCORD_POOL_SIZE : valeur refusée, « 2 » : 3 au moins est"),
        ("RACCORD_ACCOUNTS_DAYS", "0", "« 0 » : 1 au moins est attendu."),
        ("RACCORD_MESSAGES_DAYS", "31", "« 31 » : 32 au moins est attendu."),
        ("RACCORD_MESSAGES_DAYS", "99999", "« 99999 » : 36500 au plus est attendu."),
        ("RACCORD_DATABASE_URL", "foo", "RACCORD_DATABASE_URL : adresse mal formée"),
        ("RACCORD_DATABASE_URL", "http://x", "RACCORD_DATABASE_URL : adresse mal formée"),
        ("RACCORD_DATABASE_URL", "postgresql://h:abc/x", "RACCORD_DATABASE_URL : adresse mal"),
    ],
)
@pytest.mark.parametrize("command", ["coverage", "migrate"])
def test_a_setting_that_cannot_be_used_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str, name: str, value: str, said: str
) -> None:
    monkeypatch.delenv("RACCORD_OWNER_DATABASE_URL")
    monkeypatch.setenv(name, value)
    outcome = run(command)
    assert outcome.code == 1
    assert said in outcome.err


@pytest.mark.parametrize("command", ["coverage", "migrate"])
def test_an_unknown_database_is_told_without_traceback(
    run: Run, addresses: Addresses, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    base, _, host = addresses.owner.partition("?")
    unknown = f"{base.rpartition('/')[0]}/nowhere?{host}"
    monkeypatch.setenv("RACCORD_DATABASE_URL", unknown)
    monkeypatch.delenv("RACCORD_OWNER_DATABASE_URL")
    outcome = run(command)
    assert outcome.code == 1
    assert outcome.err == "La base de données refuse : cette base n’existe pas (code 3D000).\n"


def test_a_database_behind_the_code_is_refused_with_the_way_out(
    run: Run, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = addresses.superuser
    monkeypatch.setenv("RACCORD_DATABASE_URL", empty)
    monkeypatch.setenv("RACCORD_OWNER_DATABASE_URL", empty)
    outcome = run("coverage")
    assert outcome.code == 1
    assert "lancez « raccord migrate »" in outcome.err
