"""What every word on a step has in common: of which it is said, and its trace."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import EvidenceLevel, Integration, Product, Service
from registry.domain import ledger, products
from registry.domain.actor import Actor
from registry.domain.errors import Conflict, NotFound
from registry.domain.messages import notify_review
from registry.domain.policy import Action

CHANGED = "Cette étape n’est plus la dernière, ou n’est plus telle qu’elle a été lue : la relire."


@dataclass(frozen=True, slots=True)
class Key:
    """What a history is about; a former key of the product will do."""

    vendor_siren: str
    product: str
    service: Service


async def authorised(session: AsyncSession, actor: Actor, action: Action, key: Key) -> Product:
    return await products.authorised(session, actor, action, key.vendor_siren, key.product)


async def last_of(session: AsyncSession, product: Product, service: Service) -> Integration | None:
    found: Integration | None = await session.scalar(
        sa.select(Integration).where(
            col(Integration.product_id) == product.recorded_id,
            col(Integration.service) == service,
            col(Integration.effective_until).is_(None),
        )
    )
    return found


async def known(session: AsyncSession, product: Product, service: Service) -> Integration:
    last = await last_of(session, product, service)
    if last is None:
        raise NotFound("service", f"Rien n’est déclaré de {service} pour ce logiciel.")
    return last


async def read_by(session: AsyncSession, last: Integration, step_id: int) -> Integration:
    """``last``, held until the end of the transaction, if it is the step that the caller read."""
    held: Integration | None = await session.scalar(
        sa.select(Integration)
        .where(col(Integration.id) == last.id, col(Integration.effective_until).is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if held is None or held.id != step_id:
        raise Conflict(CHANGED)
    return held


def level_of(evidence_url: str | None) -> EvidenceLevel:
    return EvidenceLevel.EVIDENCED if evidence_url else EvidenceLevel.SELF_DECLARED


async def changed(session: AsyncSession, action: str, step: Integration) -> Integration:
    await session.flush()
    if action == "send_back":
        await notify_review(session, step)
    await ledger.append(session, action, "integration", [step.recorded_id])
    return step
