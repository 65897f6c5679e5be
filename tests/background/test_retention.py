"""What tells of persons goes once its period is over, and the ledger agrees."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import (
    Commitment,
    CommitmentState,
    Delegation,
    IdempotencyKey,
    Message,
    SignInAttempt,
    Source,
    Vendor,
    WriteQuota,
)
from registry import background
from registry.background import forget
from registry.database import Database
from registry.domain import ledger, retention, web_sessions
from registry.domain.accounts import Person
from registry.domain.actor import ADMINISTRATOR, REGISTRY, SIGN_IN
from registry.domain.clock import now
from registry.domain.retention import PERIODS
from registry.domain.verification import differences
from registry.settings import ROOT, Settings
from tests.factories import add, establishment, siren, vendor

EDITEUR = siren(99990100)
ALIX = Person("https://idp.example", "alix", establishment(EDITEUR), "alix@editeur.example")
LASTING = "la.nouvelle@editeur.example"
COUNTS = {
    "account": "SELECT count(*) FROM account",
    "web_session": "SELECT count(*) FROM web_session",
    "sign_in_attempt": "SELECT count(*) FROM sign_in_attempt",
    "delegation": "SELECT count(*) FROM delegation",
    "ended delegation": "SELECT count(*) FROM delegation WHERE ended_at IS NOT NULL",
    "signatory": "SELECT count(signatory) FROM commitment",
    "capacity": "SELECT count(signatory_capacity) FROM commitment",
    "message": "SELECT count(*) FROM message",
    "idempotency_key": "SELECT count(*) FROM idempotency_key",
    "write_quota": "SELECT count(*) FROM write_quota",
    "value": "SELECT count(*) FROM record_value",
}
After = Callable[..., Awaitable[dict[str, int]]]


async def counts(database: Database) -> dict[str, int]:
    async with database.read(ADMINISTRATOR) as session:
        return {name: await session.scalar(sa.text(COUNTS[name])) or 0 for name in COUNTS}


@pytest.fixture(autouse=True)
async def people(database: Database) -> None:
    async with database.transaction(SIGN_IN) as session:
        await web_sessions.open_session(session, ALIX, bytes(32))
        begun = SignInAttempt(state_digest=bytes(32), nonce="n", return_to="/")
        await web_sessions.attempt(session, begun, now())
    async with database.transaction(ADMINISTRATOR) as session:
        own = vendor(99990100, "Éditeur", contact="l.ancienne@editeur.example")
        await add(session, own)
        named = {"siren": EDITEUR, "delegate_siren": siren(99990101)}
        await add(
            session,
            Delegation(email="delegue@ailleurs.example", **named),
            Delegation(email="parti@ailleurs.example", ended_at=now(), **named),
            *_commitment(own),
            Message(key="parti", recipient=LASTING, subject="s", body="b", sent_at=now()),
            Message(key="en attente", recipient=LASTING, subject="s", body="b"),
            IdempotencyKey(actor="a", key="k", digest=bytes(32), noun="vendor", subject_id=1),
            WriteQuota(actor="a", window_start=now(), used=1),
        )
        for noun in ("vendor", "delegation", "commitment"):
            ids = f"SELECT id FROM {noun}"
            await ledger.append_selected(session, "create", noun, ids)
        own.contact = LASTING
        await session.flush()
        await ledger.append(session, "edit", "vendor", [own.recorded_id])


def _commitment(own: Vendor) -> list[Commitment]:
    """A signature that another followed, and that one, in force."""
    signed: dict[str, Any] = {
        "vendor_id": own.recorded_id,
        "state": CommitmentState.SIGNED,
        "declared_by": Source.VENDOR,
        "signatory": "Alix Exemple",
        "signatory_capacity": "Gérance",
    }
    end = now().date()
    return [
        Commitment(effective_on=date(2024, 1, 1), effective_until=end, **signed),
        Commitment(effective_on=end, **signed),
    ]


@pytest.fixture
def after(database: Database, monkeypatch: pytest.MonkeyPatch) -> After:
    """What is left so many days later; every period is a thousand days but those given."""

    async def run(days: int, **periods: int) -> dict[str, int]:
        own = {period.setting: 1000 for period in PERIODS} | periods
        monkeypatch.setattr(background, "now", lambda: now() + timedelta(days=days))
        while await forget(database, Settings(**own)):
            pass
        return await counts(database)

    return run


GOING = {
    "accounts_days": {"account": 1, "web_session": 1, "value": 2},
    "sessions_days": {"web_session": 1, "sign_in_attempt": 1},
    "delegations_days": {"delegation": 1, "ended delegation": 1, "value": 1},
    "signatories_days": {"signatory": 1, "capacity": 1, "value": 2},
    "replaced_values_days": {"value": 1},
    "messages_days": {"message": 2},
    "idempotency_days": {"idempotency_key": 1, "write_quota": 1},
}


def test_every_period_is_declared_and_tried() -> None:
    fields = {name for name in Settings.model_fields if name.endswith("_days")}
    assert {period.setting for period in PERIODS} == fields
    assert {period.setting for period in PERIODS if period.remove} == set(GOING)


@pytest.mark.parametrize("setting", GOING)
async def test_it_goes_after_its_period_and_not_before(
    database: Database, after: After, setting: str
) -> None:
    before = await counts(database)
    assert await after(39, **{setting: 40}) == before
    left = await after(41, **{setting: 40})
    assert {name: before[name] - left[name] for name in before if before[name] != left[name]} == (
        GOING[setting]
    )
    async with database.read(ADMINISTRATOR) as session:
        assert [fault async for _, fault in differences(session) if fault] == []
        contact = await session.scalar(sa.text("SELECT contact FROM vendor"))
    assert contact == LASTING


async def test_whoever_signed_in_since_stays(database: Database, after: After) -> None:
    """The last sign-in counts, not the account's age; the account is made anew after that."""
    before = await counts(database)
    async with database.transaction(ADMINISTRATOR) as session:
        age = "UPDATE account SET created_at = created_at - interval '99 days'"
        await session.execute(sa.text(age))
        await ledger.append_selected(session, "x", "account", "SELECT id FROM account")
    assert await after(0, accounts_days=40) == before
    await after(41, accounts_days=40)
    async with database.transaction(SIGN_IN) as session:
        await web_sessions.open_session(session, ALIX, bytes(31) + b"x")
    assert (await counts(database))["account"] == 1


async def test_batches_follow_one_another(
    database: Database, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST", 2)
    async with database.transaction(SIGN_IN) as session:
        for number in range(5):
            other = Person(ALIX.issuer, f"p{number}", ALIX.siret, f"p{number}@editeur.example")
            await web_sessions.open_session(session, other, bytes([number + 1]) * 32)
    everything = {period.setting: 40 for period in PERIODS}
    left = await after(41, **everything)
    assert (left["account"], left["web_session"], left["message"]) == (0, 0, 0)
    assert left["value"] == 4


async def test_one_process_does_it(database: Database, after: After) -> None:
    before = await counts(database)
    async with database.transaction(REGISTRY) as other:
        assert await other.scalar(retention.ALONE)
        assert await after(41, **{period.setting: 40 for period in PERIODS}) == before


def test_the_document_says_the_table() -> None:
    document = (ROOT / "docs" / "donnees-personnelles.md").read_text()
    section = document.split("## Combien de temps")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!donnée)(.+) \|$", section, re.MULTILINE)
    declared = [
        " | ".join(
            (
                period.what,
                f"{days:,} {'jours' if days > 1 else 'jour'}".replace(",", "\u202f"),
                period.begins,
                f"`{Settings.variable(period.setting)}`",
                period.why,
            )
        )
        for period in PERIODS
        for days in (Settings.model_fields[period.setting].default,)
    ]
    assert rows == declared
