from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import EvidenceLevel, Integration, IntegrationState, Service, Source
from registry.domain.filters import among, in_force

SENT_BACK = "Le ministère a renvoyé cette étape : corriger ce qui en est dit."
OVERDUE = "La date promise est passée : en dire une autre."
PROMISES = sa.text("""
    SELECT subject_id, CAST(entry -> 'record' ->> 'target_date' AS date) AS promised
    FROM ledger CROSS JOIN LATERAL (
        SELECT CAST(convert_from(payload, 'UTF8') AS jsonb) AS entry) AS read
    WHERE noun = 'integration' AND subject_id = ANY(:ids)
    ORDER BY seq
""")
OTHERS = "Cette étape est du ministère : enregistrer la suivante."


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Integration]:
    rows = await session.scalars(sa.select(Integration).where(among(col(Integration.id), ids)))
    return {row.recorded_id: row for row in rows}


async def current_of_products(
    session: AsyncSession, ids: Sequence[int], day: date
) -> dict[int, list[Integration]]:
    """The row in force for each service, in the order of ``Service``."""
    query = sa.select(Integration).where(
        among(col(Integration.product_id), ids),
        in_force(col(Integration.effective_on), col(Integration.effective_until), day),
    )
    order = list(Service)
    rows = await session.scalars(query)
    return _by_product(sorted(rows, key=lambda row: order.index(row.service)))


async def history_of_products(
    session: AsyncSession, ids: Sequence[int]
) -> dict[int, list[Integration]]:
    """Every row ever recorded, latest first."""
    query = (
        sa.select(Integration)
        .where(among(col(Integration.product_id), ids))
        .order_by(col(Integration.effective_on).desc(), col(Integration.id).desc())
    )
    return _by_product(await session.scalars(query))


async def declared(session: AsyncSession, ids: Sequence[int], day: date) -> set[int]:
    """The products of which their vendor has said something by that day."""
    query = sa.select(col(Integration.product_id)).where(
        among(col(Integration.product_id), ids),
        col(Integration.declared_by) == Source.VENDOR,
        col(Integration.effective_on) <= day,
    )
    return set(await session.scalars(query))


async def earlier_promises(
    session: AsyncSession, rows: Iterable[Integration]
) -> dict[int, list[date]]:
    """By the ids of planned steps, the days that the ledger says they were promised for before
    the present one, in the order of the promises; those that were moved alone.
    """
    planned = {row.recorded_id: row for row in rows if row.state is IntegrationState.PLANNED}
    found: dict[int, list[date]] = {}
    if not planned:
        return found
    for step, promised in await session.execute(PROMISES, {"ids": [*planned]}):
        if promised is not None and promised != planned[step].target_date:
            days = found.setdefault(step, [])
            if promised not in days:
                days.append(promised)
    return found


def is_amendable(row: Integration) -> bool:
    """A step of the ministry's own is not the vendor's to say anew."""
    return row.declared_by in (Source.VENDOR, Source.DATAPASS)


def unconfirmable(row: Integration, day: date) -> str | None:
    """Why its vendor may not just say that the step still holds, if it may not."""
    if not is_amendable(row):
        return OTHERS
    if row.reviewed_on is not None and row.evidence_level is EvidenceLevel.SELF_DECLARED:
        return SENT_BACK
    return OVERDUE if is_late(row, day) else None


def is_late(row: Integration, day: date) -> bool:
    """Promised for a day that has passed."""
    planned = row.state is IntegrationState.PLANNED
    return planned and row.target_date is not None and row.target_date < day


def _by_product(rows: Iterable[Integration]) -> dict[int, list[Integration]]:
    found: dict[int, list[Integration]] = {}
    for row in rows:
        found.setdefault(row.product_id, []).append(row)
    return found
