from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Campaign, Commitment, Stratum, Target
from registry.domain import commitments


@dataclass(frozen=True, slots=True)
class CampaignRead:
    """The campaign with its targets, in the order of the strata, and the vendors' signatures."""

    campaign: Campaign
    targets: tuple[Target, ...]
    signatures: tuple[Commitment, ...]


async def current(session: AsyncSession, day: date) -> CampaignRead:
    campaign = (await session.scalars(sa.select(Campaign))).one()
    targets = await session.scalars(sa.select(Target).where(col(Target.campaign_id) == campaign.id))
    order = list(Stratum)
    return CampaignRead(
        campaign,
        tuple(sorted(targets, key=lambda target: order.index(target.stratum))),
        tuple(await commitments.signed_vendor_wide(session, day)),
    )
