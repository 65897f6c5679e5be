"""Two vendors, two collectivités, and a record in every state that a mutation starts from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Activation,
    ActivationState,
    AllowedSiret,
    Campaign,
    Collectivite,
    Commitment,
    CommitmentState,
    Delegation,
    Demarche,
    Dispute,
    DisputeKind,
    DisputeState,
    DisputeTransition,
    GrantClaim,
    GrantClaimState,
    GrantClaimTransition,
    Integration,
    IntegrationState,
    Product,
    Service,
    SoftwareRequest,
    Source,
    Token,
    TokenScope,
    Vendor,
)
from registry.api.nodes import global_id
from registry.domain import actors
from registry.domain.actor import PUBLIC, Actor
from tests.factories import (
    add,
    commune,
    deployment,
    establishment,
    history,
    product,
    siren,
    vendor,
)

A, B, THIRD = siren(99990000), siren(99990001), siren(99990002)
OPERATOR, DELEGATE, NOBODY, NEWCOMER = (siren(20000099 - rank) for rank in range(4))
MINISTRY, ALLOWED, NEW_SERVICE = (siren(99980000 + rank) for rank in range(3))
TOWN, OTHER_TOWN = "01001", "01002"
MAIL = "agent@organisation.example"
SAID = date(2024, 1, 1)
NAMES = (
    "anonymous",
    "vendor",
    "other_vendor",
    "town",
    "other_town",
    "operator",
    "delegate",
    "ministry",
    "reader",
    "nobody",
)

_FC, _DATA = Service.FRANCECONNECT_V2, Service.API_PARTICULIER
_D, _G, _C = DisputeState, GrantClaimState, CommitmentState
_TOWN, _VENDOR, _MINISTRY = Source.COLLECTIVITE, Source.VENDOR, Source.MINISTRY

DISPUTES: Mapping[str, tuple[Service, tuple[tuple[DisputeState, Source], ...]]] = {
    "open": (_FC, ((_D.OPEN, _TOWN),)),
    "examined": (_FC, ((_D.OPEN, _TOWN), (_D.UNDER_REVIEW, _MINISTRY))),
    "asked": (
        _FC,
        ((_D.OPEN, _TOWN), (_D.UNDER_REVIEW, _MINISTRY), (_D.AWAITING_REPLY, _MINISTRY)),
    ),
    "replied": (
        _FC,
        (
            (_D.OPEN, _TOWN),
            (_D.UNDER_REVIEW, _MINISTRY),
            (_D.AWAITING_REPLY, _MINISTRY),
            (_D.UNDER_REVIEW, _VENDOR),
        ),
    ),
    "dismissed": (_DATA, ((_D.OPEN, _TOWN), (_D.DISMISSED, _MINISTRY))),
    "upheld": (Service.FRANCECONNECT_PLUS, ((_D.OPEN, _TOWN), (_D.UPHELD, _MINISTRY))),
}
CLAIMS = (_G.DRAFT, _G.SUBMITTED, _G.ACCEPTED, _G.PAID, _G.RECOVERY_REQUESTED)


@dataclass(frozen=True)
class World:
    """``ids`` are those that the API gives; ``said`` is what an input repeats of the registry."""

    actors: Mapping[str, Actor]
    ids: Mapping[str, str]
    said: Mapping[str, Any]


async def build(session: AsyncSession) -> World:
    town, other_town = commune(TOWN, "Le Bourg", 5000), commune(OTHER_TOWN, "Le Hameau", 300)
    other_town.no_online_demarche_since = SAID
    sellers = [vendor(99990000, "Premier"), vendor(99990001, "Second"), vendor(99990002, "Tiers")]
    await add(session, town, other_town, *sellers)
    portal, spare = _products(sellers[0])
    await add(session, portal, spare)
    campaign = (await session.scalars(sa.select(Campaign))).one()
    ids = await _links(session, town, portal)
    ids |= await _catalogue(session, sellers[0], portal, spare, campaign.charter_version)
    ids |= await _disputes(session, town, portal)
    ids |= await _claims(session, town, campaign)
    ids |= await _organisations(session)
    request = SoftwareRequest(
        collectivite_id=town.recorded_id, name="Inconnu", demarches=[Demarche.ETAT_CIVIL]
    )
    await add(session, request)
    ids["request"] = global_id("SoftwareRequest", request.id)
    said = {"charter": campaign.charter_version, "campaign": campaign.version}
    return World(await _actors(session), ids, said)


def _products(seller: Vendor) -> tuple[Product, Product]:
    covered = (Demarche.PERISCOLAIRE, Demarche.RESTAURATION_SCOLAIRE, Demarche.ETAT_CIVIL)
    return (
        product(seller, "portail", "Portail", *covered),
        product(seller, "reserve", "Réserve", Demarche.URBANISME),
    )


async def _links(session: AsyncSession, town: Collectivite, portal: Product) -> dict[str, str]:
    links = {
        "sold": deployment(town, portal, Demarche.PERISCOLAIRE),
        "used": deployment(town, portal, Demarche.ETAT_CIVIL, declared_by=_TOWN),
        "operated": deployment(
            town,
            portal,
            Demarche.RESTAURATION_SCOLAIRE,
            declared_by=_TOWN,
            confirmed_by=_VENDOR,
            operator=OPERATOR,
        ),
    }
    await add(session, *links.values())
    for service in (_FC, _DATA):
        step = Activation(
            collectivite_id=town.recorded_id,
            product_id=portal.recorded_id,
            demarche=Demarche.PERISCOLAIRE,
            service=service,
            state=ActivationState.IN_PRODUCTION,
            effective_on=SAID,
            declared_by=_TOWN,
        )
        await add(session, step)
    return {name: global_id("Deployment", row.id) for name, row in links.items()}


async def _catalogue(
    session: AsyncSession, seller: Vendor, portal: Product, spare: Product, charter: str
) -> dict[str, str]:
    def moved(of: Product, state: CommitmentState, source: Source) -> Commitment:
        return Commitment(
            vendor_id=seller.recorded_id,
            product_id=of.recorded_id,
            state=state,
            effective_on=SAID,
            declared_by=source,
            charter_version=charter,
        )

    qualified = Integration(
        product_id=portal.recorded_id,
        service=_FC,
        state=IntegrationState.QUALIFIED,
        effective_on=SAID,
        declared_by=_VENDOR,
    )
    breach = history(
        moved(spare, _C.SIGNED, _VENDOR),
        moved(spare, _C.BREACH_ALLEGED, _TOWN),
        moved(spare, _C.BREACHED, _MINISTRY),
    )
    await add(session, qualified, moved(portal, _C.SIGNED, _VENDOR), *breach)
    return {"step": global_id("Integration", qualified.id)}


async def _disputes(session: AsyncSession, town: Collectivite, portal: Product) -> dict[str, str]:
    ids: dict[str, str] = {}
    for name, (service, path) in DISPUTES.items():
        row = Dispute(
            collectivite_id=town.recorded_id,
            product_id=portal.recorded_id,
            kind=DisputeKind.INTEGRATION,
            service=service,
            statement="Ne marche pas.",
        )
        await add(session, row)
        steps = history(
            *(
                DisputeTransition(
                    dispute_id=row.recorded_id, state=state, effective_on=SAID, declared_by=source
                )
                for state, source in path
            )
        )
        for step in steps:
            await add(session, step)
        ids[name] = global_id("Dispute", row.id)
    return ids


async def _claims(session: AsyncSession, town: Collectivite, campaign: Campaign) -> dict[str, str]:
    ids: dict[str, str] = {}
    for state in CLAIMS:
        row = GrantClaim(
            campaign_id=campaign.recorded_id,
            collectivite_id=town.recorded_id,
            amount_cents=500_000,
        )
        await add(session, row)
        step = GrantClaimTransition(
            grant_claim_id=row.recorded_id, state=state, effective_on=SAID, declared_by=_TOWN
        )
        await add(session, step)
        ids[state.value] = global_id("GrantClaim", row.id)
    return ids


async def _organisations(session: AsyncSession) -> dict[str, str]:
    delegation = Delegation(siren=A, delegate_siren=DELEGATE, email=MAIL)
    token = Token(
        name="lecture",
        siren=A,
        digest=bytes(32),
        scopes=[TokenScope.READ],
        expires_at=datetime.now(UTC) + timedelta(days=30),
    )
    lists = [
        AllowedSiret(siret=establishment(siren), label="Ministère") for siren in (MINISTRY, ALLOWED)
    ]
    await add(session, delegation, token, *lists)
    return {
        "delegation": global_id("Delegation", delegation.id),
        "token": global_id("Token", token.id),
    }


async def _actors(session: AsyncSession) -> dict[str, Actor]:
    towns = {name: siren(21000000 + int(name)) for name in (TOWN, OTHER_TOWN)}
    people = {
        "vendor": A,
        "other_vendor": B,
        "town": towns[TOWN],
        "other_town": towns[OTHER_TOWN],
        "operator": OPERATOR,
        "delegate": DELEGATE,
        "ministry": MINISTRY,
        "nobody": NOBODY,
    }
    found = {
        name: await actors.person(
            session,
            f"account:{rank}",
            establishment(key),
            label=None,
            email=MAIL if name == "delegate" else f"{name}@organisation.example",
        )
        for rank, (name, key) in enumerate(people.items(), 1)
    }
    token = (await session.scalars(sa.select(Token).where(col(Token.siren) == A))).one()
    reader = await actors.machine(session, token, datetime.now(UTC))
    assert reader is not None
    return found | {"anonymous": PUBLIC, "reader": reader}
