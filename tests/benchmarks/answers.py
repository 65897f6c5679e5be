"""National answers: after a write, on a registry ten times as large, and for a past day."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import sqlalchemy as sa

from registry.database import Database
from registry.domain import deployments, ledger
from registry.domain.actor import ADMINISTRATOR, Actor, Role
from registry.domain.clock import today
from registry.domain.rollout.blockers import rank_blockers
from registry.domain.rollout.coverage import measure
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.trend import trend
from tests.benchmarks.stage import Stage
from tests.benchmarks.timing import Row, alone, compare, timed

MINISTRY = Actor(Role.MINISTRY, "token:0")
UNCONFIRMED = sa.text("""
    SELECT id FROM deployment WHERE confirmed_by IS NULL AND declared_by = 'VENDOR'
    ORDER BY id LIMIT 100
""")
INSERT = "INSERT INTO confirmation SELECT coalesce(max(id), 0) + 1 FROM confirmation"

Answer = Callable[[Database], Awaitable[object]]

TOUCHED = sa.text("SELECT id FROM deployment WHERE since < current_date ORDER BY id LIMIT 1")
ENDED = sa.text(
    "UPDATE deployment SET until = CASE WHEN until IS NULL THEN current_date END WHERE id = :id"
)
"""Each time it is run, one collectivité more, or one less, uses a software."""


BY_HAND = """
WITH verdict AS (
    SELECT product.id, product.vendor_id,
           EXISTS (SELECT FROM integration WHERE product_id = product.id AND state = 'QUALIFIED'
                   AND service IN ('FRANCECONNECT_V1', 'FRANCECONNECT_V2')
                   AND effective_until IS NULL) AS qualified,
           (SELECT state FROM commitment WHERE effective_until IS NULL
             AND vendor_id = product.vendor_id AND (product_id = product.id OR product_id IS NULL)
            ORDER BY product_id NULLS LAST LIMIT 1) AS promised
    FROM product WHERE citizen_login
),
link AS (
    SELECT deployment.collectivite_id, deployment.product_id,
           CASE WHEN EXISTS (
                    SELECT FROM activation WHERE state = 'IN_PRODUCTION'
                    AND effective_until IS NULL
                    AND activation.collectivite_id = deployment.collectivite_id
                    AND activation.product_id = deployment.product_id
                    AND activation.demarche = deployment.demarche) THEN 0
                WHEN NOT qualified THEN 4
                WHEN promised IN ('SIGNED', 'BREACH_ALLEGED') THEN 1
                WHEN promised IN ('DECLINED', 'BREACHED') THEN 3
                ELSE 2 END AS rank
    FROM deployment JOIN verdict ON verdict.id = deployment.product_id
    WHERE since <= current_date AND (until IS NULL OR until > current_date)
),
blocked AS (
    SELECT collectivite_id FROM link JOIN collectivite ON collectivite.id = collectivite_id
    WHERE strata <> '{}' GROUP BY collectivite_id HAVING min(rank) >= 3
)
SELECT product_id, count(DISTINCT collectivite_id) FROM link JOIN blocked USING (collectivite_id)
GROUP BY product_id ORDER BY 2 DESC
"""


async def ranked(database: Database) -> None:
    async with database.read() as session:
        await rank_blockers(session, Scope(), first=20)


async def covered(database: Database) -> None:
    async with database.read() as session:
        await measure(session, Scope())


async def blockers(stage: Stage) -> Row:
    """What a write costs more for the answers to be ready is that of the write, not counted."""
    connection = await asyncpg.connect(
        stage.addresses.service, server_settings={"role": "raccord_app", "jit": "off"}
    )

    async def ours() -> float:
        await write(stage.database)
        return await timed(lambda: ranked(stage.database))

    async def peer() -> float:
        await write(stage.database)
        return await timed(lambda: connection.fetch(BY_HAND))

    try:
        return await compare("blockers national après une écriture", ours, peer, must=10, aim=50)
    finally:
        await connection.close()


async def grown(stage: Stage, smaller: Stage, name: str, answer: Answer) -> Row:
    """The same answer on the registry that is ten times as large."""

    async def after_awrite(database: Database) -> float:
        await write(database)
        return await timed(lambda: answer(database))

    return await compare(
        f"{name} : {stage.size} usages contre {smaller.size}",
        lambda: after_awrite(stage.database),
        lambda: after_awrite(smaller.database),
        must=2,
        aim=1.2,
        faster=False,
    )


async def past(stage: Stage) -> Row:
    async def answer() -> None:
        async with stage.database.read() as session:
            await measure(session, Scope(as_of=today() - timedelta(days=365)))

    return await alone("coverage national, il y a un an", lambda: timed(answer), must=0.5)


async def year(stage: Stage) -> Row:
    """The trend of twelve months, a date a month."""
    end = today()

    async def answer() -> None:
        async with stage.database.read() as session:
            await trend(session, Scope(), end - timedelta(days=365), end)

    return await alone(f"trend, 12 mois, {stage.size} usages", lambda: timed(answer), must=2)


async def confirmed(stage: Stage) -> Row:
    """One link, with its ledger entry and what derives from it, against one row and its commit."""
    async with stage.database.read() as session:
        links = iter([*await session.scalars(UNCONFIRMED)])
    owner = await asyncpg.connect(stage.addresses.owner)
    await owner.execute("CREATE TABLE confirmation (id bigint PRIMARY KEY)")

    async def confirm() -> None:
        async with stage.database.transaction(MINISTRY) as session:
            await deployments.confirm(session, MINISTRY, next(links))

    async def peer() -> float:
        return await timed(lambda: owner.execute(INSERT))

    try:
        return await compare(
            "une confirmation d’usage", lambda: timed(confirm), peer, must=4, aim=2, faster=False
        )
    finally:
        await owner.execute("DROP TABLE confirmation")
        await owner.close()


async def write(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        touched = await session.scalar(TOUCHED)
        await session.execute(ENDED, {"id": touched})
        await ledger.append(session, "edit", "deployment", [touched])
