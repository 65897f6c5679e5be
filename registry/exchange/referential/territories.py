import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import TerritoryKind
from registry.exchange.geography import Geography
from registry.exchange.referential.changes import Changes

WRITE = sa.text("""
INSERT INTO territory (kind, code, name, region)
SELECT * FROM unnest(
    CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:names AS text[]), CAST(:regions AS text[])
)
ON CONFLICT (kind, code) DO UPDATE SET name = excluded.name, region = excluded.region
WHERE (territory.name, territory.region) IS DISTINCT FROM (excluded.name, excluded.region)
RETURNING id, CASE WHEN xmax = 0 THEN 'create' ELSE 'update' END AS action
""")


async def write(session: AsyncSession, geography: Geography, changes: Changes) -> None:
    regions = [(TerritoryKind.REGION, r.code, r.name, None) for r in geography.regions]
    departements = [
        (TerritoryKind.DEPARTEMENT, d.code, d.name, d.region) for d in geography.departements
    ]
    columns = zip(*regions, *departements, strict=True)
    parameters = dict(zip(("kinds", "codes", "names", "regions"), map(list, columns), strict=True))
    for row in await session.execute(WRITE, parameters):
        changes[row.action, "territory"].add(row.id)
