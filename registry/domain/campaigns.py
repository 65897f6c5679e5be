from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import DATA_APIS, Campaign, Commitment, Service, Stratum, Target
from registry.domain import commitments, ledger
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Checks, Conflict, InvalidInput
from registry.domain.policy import Action, authorise

LATEST = date(2199, 12, 31)
SHARE_STEP = Decimal("0.0001")


MOST = 2**31 - 1
"""Of what a campaign counts."""


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


async def accepted_services(session: AsyncSession) -> tuple[Service, ...]:
    """Those with which an integration counts, in the order of ``Service``."""
    found = await session.scalar(sa.select(col(Campaign.accepted_services))) or ()
    return tuple(service for service in Service if service in found)


@dataclass(frozen=True, slots=True)
class Change:
    """What is None stays as it is, and so does a stratum that ``shares`` leaves out."""

    shares: Sequence[tuple[Stratum, float]] | None = None
    total_target: int | None = None
    accepted_services: Sequence[Service] | None = None
    deadline: date | None = None
    grant_amount_cents: int | None = None


async def edit(session: AsyncSession, actor: Actor, version: int, change: Change) -> CampaignRead:
    """Every answer is computed from the campaign as it stands, and so changes at once."""
    authorise(actor, Action.MANAGE_CAMPAIGN)
    before = await current(session, today())
    shares, values = _checked(before, change)
    campaign = await _written(session, before.campaign, version, values)
    changed = [
        target
        for target in before.targets
        if shares.get(target.stratum, target.share) != target.share
    ]
    for target in changed:
        target.share = shares[target.stratum]
    await session.flush()
    await ledger.append(session, "edit", "campaign", [campaign.recorded_id])
    await ledger.append(session, "edit", "target", [target.recorded_id for target in changed])
    return CampaignRead(campaign, before.targets, before.signatures)


async def _written(
    session: AsyncSession, campaign: Campaign, version: int, values: Mapping[str, Any]
) -> Campaign:
    """The campaign counts a version even when only its targets change: they are edited as one."""
    written: Campaign | None = await session.scalar(
        sa.update(Campaign)
        .where(col(Campaign.id) == campaign.id, col(Campaign.version) == version)
        .values({"version": version, **values})
        .returning(Campaign)
        .execution_options(populate_existing=True)
    )
    if written is None:
        await session.refresh(campaign)
        raise Conflict(
            "La campagne a changé entre-temps : la relire, puis refaire.", campaign.version
        )
    return written


def _checked(before: CampaignRead, change: Change) -> tuple[dict[Stratum, Decimal], dict[str, Any]]:
    checks = Checks()
    shares: dict[Stratum, Decimal] = {}
    values: dict[str, Any] = {}
    with checks:
        shares = _shares(change.shares or ())
    with checks:
        values |= _counted("total_target", change.total_target)
    with checks:
        values |= _services(change.accepted_services)
    with checks:
        values |= _deadline(before.campaign, change.deadline)
    with checks:
        values |= _counted("grant_amount_cents", change.grant_amount_cents)
    checks.settle()
    return shares, values


def _shares(given: Sequence[tuple[Stratum, float]]) -> dict[Stratum, Decimal]:
    found: dict[Stratum, Decimal] = {}
    for stratum, share in given:
        exact = Decimal(str(share))
        if stratum in found:
            raise InvalidInput("targets", f"{stratum} : deux objectifs pour une même strate.")
        if not 0 < exact <= 1 or exact != exact.quantize(SHARE_STEP):
            raise InvalidInput(
                "targets", f"{stratum} : une part entre 0 (exclu) et 1, à quatre décimales au plus."
            )
        found[stratum] = exact
    return found


def _counted(field: str, value: int | None) -> dict[str, Any]:
    if value is None:
        return {}
    if not 1 <= value <= MOST:
        raise InvalidInput(field, f"Un nombre entre 1 et {MOST} est attendu.")
    return {field: value}


def _services(given: Sequence[Service] | None) -> dict[str, Any]:
    if given is None:
        return {}
    if not given:
        raise InvalidInput("accepted_services", "Au moins un service est attendu.")
    if data := set(DATA_APIS).intersection(given):
        raise InvalidInput(
            "accepted_services",
            f"{min(data)} fournit des données : ce n’est pas une connexion de l’usager.",
        )
    return {"accepted_services": [service.value for service in Service if service in given]}


def _deadline(campaign: Campaign, given: date | None) -> dict[str, Any]:
    if given is None:
        return {}
    if not campaign.signed_on <= given <= LATEST:
        raise InvalidInput(
            "deadline", f"Une date entre le {campaign.signed_on:%d/%m/%Y} et le {LATEST:%d/%m/%Y}."
        )
    return {"deadline": given}
