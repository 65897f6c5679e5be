import json
from datetime import date

import pytest

from models import Account, Commitment, CommitmentState, Delegation, Message, Source
from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from tests.cli.conftest import Run
from tests.factories import add, establishment, siren, vendor

OWN = siren(99970000)
ALIX, OTHER = "alix@orme.example", "autre@orme.example"


@pytest.fixture
async def people(database: Database) -> int:
    """Alix has an account, a delegation, a message, and is a vendor’s contact, as another was."""
    async with database.transaction(ADMINISTRATOR) as session:
        own = vendor(99970000, "Orme", contact=OTHER)
        accounts = [
            Account(issuer="p", subject=mail[:3], siret=establishment(OWN), email=mail)
            for mail in (ALIX, OTHER)
        ]
        given = Delegation(siren=OWN, delegate_siren=siren(20000099), email=ALIX)
        await add(
            session, own, *accounts, given, Message(key="k", recipient=ALIX, subject="s", body="b")
        )
        signed = Commitment(
            vendor_id=own.recorded_id,
            state=CommitmentState.SIGNED,
            effective_on=date(2024, 1, 1),
            declared_by=Source.VENDOR,
            signatory="Alix Exemple",
        )
        await add(session, signed)
        for noun in ("vendor", "account", "delegation", "commitment"):
            ids = f"SELECT id FROM {noun}"
            await ledger.append_selected(session, "create", noun, ids)
        own.contact = ALIX
        await session.flush()
        await ledger.append(session, "edit", "vendor", [own.recorded_id])
        return accounts[0].recorded_id


def test_an_export_holds_all_that_concerns_a_person(people: int, run: Run) -> None:
    for person in (ALIX, ALIX.upper(), str(people)):
        outcome = run("privacy", "export", person)
        assert outcome.code == 0, outcome.err
        found = json.loads(outcome.out)
        counts = {part: len(found[part]) for part in found if part != "person"}
        assert counts == {
            "accounts": 1, "sessions": 0, "delegations": 1, "vendors": 1, "messages": 1,
            "entries": 1, "values": 4,
        }  # fmt: skip
        assert OTHER not in outcome.out


def test_an_erased_person_is_nowhere_and_the_rest_stays(people: int, run: Run) -> None:
    outcome = run("privacy", "erase", ALIX, "--yes")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out) == {"account": 2, "delegation": 1, "vendor": 1, "message": 1}
    found = json.loads(run("privacy", "export", ALIX).out)
    assert not any(found[part] for part in found if part != "person")
    assert len(json.loads(run("privacy", "export", OTHER).out)["values"]) == 3
    verified = run("verify")
    assert verified.code == 0, verified.err
    again = run("privacy", "erase", ALIX, "--yes")
    assert (again.code, again.out) == (1, "")
    assert "ne tient rien" in again.err


def test_a_signatory_is_erased_by_name(people: int, run: Run) -> None:
    outcome = run("privacy", "erase", "Alix Exemple", "--yes")
    assert (outcome.code, json.loads(outcome.out)) == (0, {"commitment": 1, "message": 0})
    assert run("verify").code == 0


def test_the_periods_are_told_as_they_are_set(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACCORD_ACCOUNTS_DAYS", "730")
    rows = json.loads(run("privacy", "periods", "--format", "json").out)
    days = {row["setting"]: row["days"] for row in rows}
    assert (days["RACCORD_ACCOUNTS_DAYS"], days["RACCORD_MESSAGES_DAYS"]) == (730, 365)
    assert "RACCORD_ACCOUNTS_DAYS" in run("privacy", "periods").out
    assert run("privacy", "periods", "--format", "csv").out.startswith("what,days,")


def test_erasing_asks_first(people: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert run("privacy", "erase", ALIX).code == 1
    assert json.loads(run("privacy", "export", ALIX).out)["accounts"]


def test_an_account_that_is_not_there(people: int, run: Run) -> None:
    outcome = run("privacy", "export", "999999")
    assert (outcome.code, outcome.out) == (1, "")
    assert "Aucun compte" in outcome.err
