"""A signature past its own end gets its row, once, and the rule answered so already."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import (
    Commitment,
    CommitmentState,
    Demarche,
    Integration,
    IntegrationState,
    Service,
    Source,
)
from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR, REGISTRY
from registry.domain.clock import today
from registry.domain.expiry import REASON, expire_commitments
from registry.domain.rollout import verdicts
from registry.domain.rollout.verdicts import Verdict
from registry.domain.verification import differences
from tests.factories import add, history, product, vendor

DAY = timedelta(days=1)
SIGNED, ALLEGED = CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED
TERMS = {
    "charter_version": "2022-03-07",
    "signatory": "Une personne",
    "signatory_capacity": "Présidente",
    "scope": ["PER_USE_FEES"],
    "exclusions": "le matériel",
}
HISTORY = sa.text("""
    SELECT state, effective_on, effective_until, declared_by, actor, reason, valid_until,
           charter_version, signatory, signatory_capacity, scope, exclusions
    FROM commitment ORDER BY vendor_id, effective_on, id
""")
ENTRIES = sa.text("""
    SELECT entry ->> 'action' AS action, entry -> 'record' ->> 'state' AS state,
           entry -> 'record' ->> 'valid_until' AS valid_until
    FROM (SELECT seq, CAST(convert_from(payload, 'UTF8') AS json) AS entry FROM ledger) AS said
    WHERE entry ->> 'actor' = 'registry' AND entry ->> 'noun' = 'commitment' ORDER BY seq
""")


def signature(vendor_id: int, on: date, until: date | None, **values: Any) -> Commitment:
    said = {"state": SIGNED, "declared_by": Source.VENDOR, **TERMS} | values
    return Commitment(vendor_id=vendor_id, effective_on=on, valid_until=until, **said)


async def sign(database: Database, *periods: tuple[date, date | None], **values: Any) -> None:
    """One vendor for each."""
    async with database.transaction(ADMINISTRATOR) as session:
        owners = [vendor(99990100 + i, f"Éditeur {i}") for i in range(len(periods))]
        await add(session, *owners)
        signed = [
            signature(owner.recorded_id, on, until, **values)
            for owner, (on, until) in zip(owners, periods, strict=True)
        ]
        await add(session, *signed)
        for noun, added in (("vendor", owners), ("commitment", signed)):
            ids = [row.recorded_id for row in added]
            await ledger.append(session, "create", noun, ids)


async def expire(database: Database) -> int:
    async with database.transaction(REGISTRY) as session:
        return await expire_commitments(session, today())


async def rows(database: Database, query: sa.TextClause) -> list[Any]:
    async with database.read() as session:
        return [*(await session.execute(query)).mappings()]


async def test_it_is_dated_of_the_day_after_and_keeps_the_terms(database: Database) -> None:
    until = today() - DAY
    await sign(database, (date(2024, 1, 1), until))
    assert await expire(database) == 1
    signed, expired = await rows(database, HISTORY)
    assert (signed["state"], signed["effective_until"]) == ("SIGNED", today())
    assert expired == {
        "state": "EXPIRED",
        "effective_on": today(),
        "effective_until": None,
        "declared_by": "MINISTRY",
        "actor": "registry",
        "reason": REASON,
        "valid_until": until,
        **TERMS,
    }
    assert await rows(database, ENTRIES) == [
        {"action": "expire", "state": "EXPIRED", "valid_until": str(until)}
    ]


async def test_what_still_stands_is_left(database: Database) -> None:
    await sign(
        database,
        (date(2024, 1, 1), today()),
        (date(2024, 1, 1), None),
        (date(2024, 1, 1), today() + DAY),
    )
    assert await expire(database) == 0
    assert {row["state"] for row in await rows(database, HISTORY)} == {"SIGNED"}


@pytest.mark.parametrize(
    "state",
    [state for state in CommitmentState if state is not SIGNED],
)
async def test_no_other_state_expires(database: Database, state: CommitmentState) -> None:
    """An allegation reads as expired, and only what the dispute comes to may follow it."""
    await sign(database, (date(2024, 1, 1), today() - DAY), state=state)
    assert await expire(database) == 0
    assert len(await rows(database, HISTORY)) == 1


async def test_only_the_last_step_counts(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        owner = vendor(99990100, "Éditeur")
        await add(session, owner)
        old = signature(owner.recorded_id, date(2023, 1, 1), date(2023, 12, 31))
        withdrawn = Commitment(
            vendor_id=owner.recorded_id,
            effective_on=date(2023, 6, 1),
            state=CommitmentState.WITHDRAWN,
            declared_by=Source.VENDOR,
        )
        await add(session, *history(old, withdrawn))
    assert await expire(database) == 0


async def test_a_signature_given_back_after_its_end_expires_that_day(database: Database) -> None:
    await sign(database, (date(2024, 6, 1), date(2024, 1, 1)))
    assert await expire(database) == 1
    signed, expired = await rows(database, HISTORY)
    assert signed["effective_until"] == expired["effective_on"] == date(2024, 6, 1)


async def test_once_whoever_asks_and_however_often(database: Database) -> None:
    await sign(database, *[(date(2024, 1, 1), today() - DAY)] * 30)
    counts = await asyncio.gather(*(expire(database) for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, 30]
    assert await expire(database) == 0
    states = [row["state"] for row in await rows(database, HISTORY)]
    assert (states.count("SIGNED"), states.count("EXPIRED")) == (30, 30)
    assert len(await rows(database, ENTRIES)) == 30
    async with database.read(ADMINISTRATOR) as session:
        assert [found async for found in differences(session) if found[1] is not None] == []


async def test_the_verdict_changes_with_the_day_and_not_with_the_record(
    database: Database,
) -> None:
    until = today() - 2 * DAY
    async with database.transaction(ADMINISTRATOR) as session:
        owner = vendor(99990100, "Éditeur")
        await add(session, owner)
        used = product(owner, "famille", "Famille", Demarche.PERISCOLAIRE)
        await add(session, used, signature(owner.recorded_id, date(2024, 1, 1), until))
        await add(
            session,
            Integration(
                product_id=used.recorded_id,
                service=Service.FRANCECONNECT_V2,
                state=IntegrationState.QUALIFIED,
                effective_on=date(2024, 1, 1),
                declared_by=Source.VENDOR,
            ),
        )

    async def read() -> list[Verdict]:
        days = (until, until + DAY, today())
        async with database.read() as session:
            return [
                (await verdicts.of_products(session, [used.recorded_id], day))[used.recorded_id]
                for day in days
            ]

    expected = [Verdict.READY, Verdict.COST_UNKNOWN, Verdict.COST_UNKNOWN]
    assert await read() == expected
    assert await expire(database) == 1
    assert await read() == expected
