"""Writes drawn at random, each with its ledger entries as the program makes them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import ActivationState, CommitmentState, IntegrationState, Service
from registry.domain import ledger
from registry.domain.clock import today

DAYS = [today() - timedelta(days=back) for back in (2000, 700, 400, 30, 1, 0)]
ACCEPTED = (["FRANCECONNECT_V1", "FRANCECONNECT_V2"], ["FRANCECONNECT_V2"], ["API_PARTICULIER"])
SUBJECTS = {
    "activation": ("collectivite_id", "product_id", "demarche", "service"),
    "integration": ("product_id", "service"),
    "commitment": ("vendor_id", "product_id"),
}
EMPTY: Mapping[str, Any] = {}
EVIDENCE = {"evidence_level": "SELF_DECLARED"}

Write = Callable[[AsyncSession, Random], Awaitable[None]]


async def _any(session: AsyncSession, random: Random, query: str) -> Mapping[str, Any] | None:
    rows = (await session.execute(sa.text(query))).mappings().all()
    return random.choice(rows) if rows else None


async def _changed(
    session: AsyncSession, noun: str, query: str, values: Mapping[str, Any], action: str = "update"
) -> None:
    ids = (await session.scalars(sa.text(f"{query} RETURNING id"), values)).all()
    await ledger.append(session, action, noun, ids)


async def declare(session: AsyncSession, random: Random) -> None:
    body = await _any(session, random, "SELECT id FROM collectivite WHERE closed_on IS NULL")
    used = await _any(session, random, "SELECT id, demarches FROM product")
    if body and used:
        since = random.choice(DAYS)
        await _changed(
            session,
            "deployment",
            "INSERT INTO deployment"
            " (collectivite_id, product_id, demarche, since, until, declared_by)"
            " VALUES (:body, :product, :demarche, :since, :until, 'VENDOR')"
            " ON CONFLICT DO NOTHING",
            {
                "body": body["id"],
                "product": used["id"],
                "demarche": random.choice(used["demarches"]),
                "since": since,
                "until": random.choice([None, since, today() + timedelta(days=1)]),
            },
            "create",
        )


async def correct(session: AsyncSession, random: Random) -> None:
    row = await _any(session, random, "SELECT id, since, declared_by FROM deployment")
    if row:
        confirmed = {"VENDOR": "COLLECTIVITE", "COLLECTIVITE": "VENDOR"}.get(row["declared_by"])
        await _changed(
            session,
            "deployment",
            "UPDATE deployment SET until = :until, confirmed_by = :confirmed WHERE id = :id",
            {
                "id": row["id"],
                "until": row["since"] + timedelta(days=random.choice([0, 100, 10_000])),
                "confirmed": random.choice([None, confirmed]),
            },
        )


async def remove(session: AsyncSession, random: Random) -> None:
    row = await _any(session, random, "SELECT id FROM deployment")
    if row:
        await _removed(session, "deployment", row["id"])


async def _removed(session: AsyncSession, noun: str, identifier: int) -> None:
    await ledger.append(session, "delete", noun, [identifier])
    await session.execute(sa.text(f"DELETE FROM {noun} WHERE id = :id"), {"id": identifier})


async def activate(session: AsyncSession, random: Random) -> None:
    used = await _any(
        session, random, "SELECT collectivite_id, product_id, demarche FROM deployment"
    )
    if used:
        states = ["IN_PRODUCTION", "IN_PRODUCTION", *ActivationState]
        subject = {**used, "service": random.choice([*Service])}
        await _step(session, random, "activation", subject, random.choice(states))


async def integrate(session: AsyncSession, random: Random) -> None:
    product = await _any(session, random, "SELECT id FROM product")
    if product:
        states = ["QUALIFIED", "QUALIFIED", "SUSPENDED", *IntegrationState]
        states = [state for state in states if state != "PLANNED"]
        subject = {"product_id": product["id"], "service": random.choice([*Service])}
        await _step(session, random, "integration", subject, random.choice(states), EVIDENCE)


async def commit(session: AsyncSession, random: Random) -> None:
    product = await _any(session, random, "SELECT id, vendor_id FROM product")
    if product:
        own = random.choice([None, product["id"]])
        subject = {"vendor_id": product["vendor_id"], "product_id": own}
        states = ["SIGNED", "SIGNED", "DECLINED", *CommitmentState]
        await _step(session, random, "commitment", subject, random.choice(states))


async def _step(
    session: AsyncSession,
    random: Random,
    noun: str,
    subject: Mapping[str, Any],
    state: str,
    more: Mapping[str, Any] = EMPTY,
) -> None:
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM :{name}" for name in SUBJECTS[noun])
    last = await session.execute(
        sa.text(f"SELECT effective_on FROM {noun} WHERE {same} AND effective_until IS NULL"),
        dict(subject),
    )
    earliest = last.scalar_one_or_none() or date(2000, 1, 1)
    day = random.choice([day for day in DAYS if day >= earliest])
    await session.execute(
        sa.text(
            f"UPDATE {noun} SET effective_until = :day WHERE {same} AND effective_until IS NULL"
        ),
        {**subject, "day": day},
    )
    columns = [*SUBJECTS[noun], "state", "effective_on", "declared_by", *more]
    values = ", ".join(f":{column}" for column in columns)
    await _changed(
        session,
        noun,
        f"INSERT INTO {noun} ({', '.join(columns)}) VALUES ({values})",
        {**subject, "state": state, "effective_on": day, "declared_by": "VENDOR", **more},
        "create",
    )


async def forget_step(session: AsyncSession, random: Random) -> None:
    """The last one of a history; the one before it is in force again."""
    row = await _any(session, random, "SELECT * FROM activation WHERE effective_until IS NULL")
    if row:
        await _removed(session, "activation", row["id"])
        same = " AND ".join(f"{name} = :{name}" for name in SUBJECTS["activation"])
        before = f"SELECT max(id) FROM activation WHERE {same}"
        subject = {name: row[name] for name in SUBJECTS["activation"]}
        await session.execute(
            sa.text(f"UPDATE activation SET effective_until = NULL WHERE id = ({before})"), subject
        )


async def succeed(session: AsyncSession, random: Random) -> None:
    """The activations of a body become those of another one that has none, and it closes."""
    row = await _any(session, random, "SELECT id FROM collectivite WHERE closed_on IS NULL")
    other = await _any(
        session,
        random,
        "SELECT id FROM collectivite WHERE closed_on IS NULL"
        " AND id NOT IN (SELECT collectivite_id FROM activation)",
    )
    if row and other and row != other:
        for query, noun in (
            (
                "UPDATE activation SET collectivite_id = :to WHERE collectivite_id = :id",
                "activation",
            ),
            (
                "UPDATE collectivite SET closed_on = current_date, strata = '{}', epci_id = NULL"
                " WHERE id = :id",
                "collectivite",
            ),
        ):
            await _changed(session, noun, query, {"id": row["id"], "to": other["id"]})


async def move_stratum(session: AsyncSession, random: Random) -> None:
    row = await _any(
        session, random, "SELECT id FROM collectivite WHERE kind = 'COMMUNE' AND closed_on IS NULL"
    )
    if row:
        strata = random.choice([["COMMUNE_OVER_3500"], ["COMMUNE_UP_TO_3500"], []])
        query = "UPDATE collectivite SET strata = :strata WHERE id = :id"
        await _changed(session, "collectivite", query, {"id": row["id"], "strata": strata})


async def edit_product(session: AsyncSession, random: Random) -> None:
    row = await _any(session, random, "SELECT id FROM product")
    if row:
        query = "UPDATE product SET citizen_login = NOT citizen_login WHERE id = :id"
        await _changed(session, "product", query, {"id": row["id"]})


async def accept_services(session: AsyncSession, random: Random) -> None:
    query = "UPDATE campaign SET accepted_services = :services"
    await _changed(session, "campaign", query, {"services": random.choice(ACCEPTED)})


WRITES: tuple[Write, ...] = (
    declare,
    correct,
    remove,
    activate,
    activate,
    integrate,
    integrate,
    commit,
    commit,
    forget_step,
    succeed,
    move_stratum,
    edit_product,
    accept_services,
)
