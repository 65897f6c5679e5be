"""National blockers after a write, against one aggregate written by hand over the base tables."""

import asyncpg
import sqlalchemy as sa

from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.blockers import rank_blockers
from registry.domain.rollout.scope import Scope
from registry.embedded import Addresses
from tests.benchmarks.timing import Row, compare, timed

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


async def blockers(addresses: Addresses, database: Database) -> Row:
    connection = await asyncpg.connect(
        addresses.service, server_settings={"role": "raccord_app", "jit": "off"}
    )

    async def write() -> None:
        async with database.transaction(ADMINISTRATOR) as session:
            touched = await session.scalar(sa.text("SELECT min(id) FROM deployment"))
            await session.execute(
                sa.text("UPDATE deployment SET operator = '217500016' WHERE id = :id"),
                {"id": touched},
            )
            await ledger.append(session, ADMINISTRATOR, "edit", "deployment", [touched])

    async def answer() -> None:
        async with database.read() as session:
            await rank_blockers(session, Scope(), first=20)

    async def ours() -> float:
        await write()
        return await timed(answer)

    async def peer() -> float:
        await write()
        return await timed(lambda: connection.fetch(BY_HAND))

    try:
        return await compare(
            "blockers national après une écriture", ours, peer, faster=True, must="10 ×", aim="50 ×"
        )
    finally:
        await connection.close()
