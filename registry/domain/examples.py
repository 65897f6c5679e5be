"""Organisations under which the demo registry is worth a try."""

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Account, AllowedSiret, WebSession
from registry.domain import ledger
from registry.domain.actor import Actor
from registry.domain.identifiers import is_siret
from registry.domain.policy import Action, Capacity, Subject, authorise

ISSUER = "development"
"""Of accounts that no provider vouches for."""
MINISTRY = "000001008"
"""Fictional, as those of the demo's vendors: no legal unit has a number that starts so."""
MINISTRY_NAME = "Ministère de démonstration"
SMALL = 900
"""Inhabitants of a town hall with one secretary."""

KNOWN = sa.text("""
    WITH vendors AS (
        SELECT vendor.id, vendor.siren, vendor.name, count(DISTINCT collectivite_id) AS clients
        FROM vendor JOIN product ON product.vendor_id = vendor.id
        JOIN deployment ON deployment.product_id = product.id
        GROUP BY vendor.id ORDER BY clients DESC, vendor.siren LIMIT 2
    ), clients AS (
        SELECT DISTINCT ON (collectivite.id) collectivite.siren, collectivite.name,
               collectivite.population
        FROM collectivite JOIN deployment ON deployment.collectivite_id = collectivite.id
        JOIN product ON product.id = deployment.product_id
        JOIN vendors ON vendors.id = product.vendor_id
        WHERE collectivite.kind = 'COMMUNE' AND collectivite.siren IS NOT NULL
          AND collectivite.closed_on IS NULL
    ), largest AS (
        SELECT siren, name FROM clients ORDER BY population DESC NULLS LAST, siren LIMIT 1
    ), operators AS (
        SELECT operator, count(*) AS links FROM deployment
        WHERE operator IS NOT NULL
          AND (declared_by IN ('COLLECTIVITE', 'MINISTRY')
               OR confirmed_by IN ('COLLECTIVITE', 'MINISTRY'))
        GROUP BY operator ORDER BY links DESC, operator LIMIT 1
    )
    (SELECT 'VENDOR', siren, name FROM vendors ORDER BY clients DESC, siren)
    UNION ALL
    (SELECT 'COLLECTIVITE', siren, name FROM largest)
    UNION ALL
    (SELECT 'COLLECTIVITE', siren, name FROM clients
     WHERE siren NOT IN (SELECT siren FROM largest)
     ORDER BY abs(population - :small), siren LIMIT 1)
    UNION ALL
    (SELECT 'OPERATOR', operator, coalesce(
                (SELECT name FROM collectivite WHERE siren = operator ORDER BY id LIMIT 1),
                (SELECT name FROM vendor WHERE siren = operator), operator)
     FROM operators)
""")


@dataclass(frozen=True, slots=True)
class Example:
    capacity: Capacity
    siren: str
    name: str

    @property
    def siret(self) -> str:
        """Of a first establishment, which nobody looks up."""
        return next(number for nic in range(10, 20) if is_siret(number := f"{self.siren}{nic:05d}"))


async def examples(session: AsyncSession) -> list[Example]:
    """The ministry, then two vendors, a large and a small commune among their clients and an
    operator that was acknowledged.
    """
    rows = await session.execute(KNOWN, {"small": SMALL})
    known = [Example(Capacity(kind), siren, name) for kind, siren, name in rows]
    return [Example(Capacity.MINISTRY, MINISTRY, MINISTRY_NAME), *known]


async def allow_ministry(session: AsyncSession, actor: Actor) -> None:
    """Put the fictional ministry on the allow-list."""
    authorise(actor, Action.MANAGE_ALLOW_LIST, Subject())
    siret = Example(Capacity.MINISTRY, MINISTRY, MINISTRY_NAME).siret
    if await _allowed(session) is None:
        allowed = AllowedSiret(siret=siret, label=MINISTRY_NAME)
        session.add(allowed)
        await session.flush()
        await ledger.append(session, "create", "allowed_siret", [allowed.recorded_id])


async def forget_trial(session: AsyncSession, actor: Actor) -> None:
    """Take it off, and end the sessions that no provider vouched for."""
    authorise(actor, Action.MANAGE_ALLOW_LIST, Subject())
    tried = sa.select(col(Account.id)).where(col(Account.issuer) == ISSUER)
    await session.execute(sa.delete(WebSession).where(col(WebSession.account_id).in_(tried)))
    allowed = await _allowed(session)
    if allowed is not None:
        allowed.removed_at = datetime.now(UTC)
        await session.flush()
        await ledger.append(session, "update", "allowed_siret", [allowed.recorded_id])


async def _allowed(session: AsyncSession) -> AllowedSiret | None:
    found: AllowedSiret | None = await session.scalar(
        sa.select(AllowedSiret)
        .where(
            sa.func.left(col(AllowedSiret.siret), 9) == MINISTRY,
            col(AllowedSiret.removed_at).is_(None),
        )
        .with_for_update()
    )
    return found
