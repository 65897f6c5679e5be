"""Where each product of a vendor stands, and what keeps it from being ready."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from models import CommitmentState, Integration, IntegrationState, Product, Service
from registry.domain import campaigns, commitments, integrations, products
from registry.domain.disputes import reading
from registry.domain.levels import ShownLevel, of_commitment, of_integration
from registry.domain.rollout import verdicts
from registry.domain.rollout.verdicts import Verdict
from registry.domain.transitions import CommitmentRead
from registry.domain.words import COMMITMENT_STATES, INTEGRATION_STATES, SERVICES

UNSAID = "FranceConnect y est qualifié, mais rien n’est dit de son prix."
UNCOMMITTED: Mapping[CommitmentState, str] = {
    CommitmentState.INVITED: f"{UNSAID} Le ministère vous invite à vous engager.",
    CommitmentState.EXPIRED: "L’engagement sans surcoût a pris fin.",
    CommitmentState.WITHDRAWN: "L’engagement sans surcoût est retiré.",
    CommitmentState.DECLINED: "L’engagement sans surcoût est refusé.",
    CommitmentState.BREACHED: "L’engagement sans surcoût est"
    f" {COMMITMENT_STATES[CommitmentState.BREACHED]} :"
    " le ministère seul peut rétablir la signature.",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """In one sentence, with the address (within the space) and name of the form that mends it."""

    sentence: str
    address: str
    words: str


@dataclass(frozen=True, slots=True)
class Standing:
    """``levels`` has one for each of the ``integrations``. ``silent``: nothing is integrated, and
    the vendor never said so.
    """

    product: Product
    verdict: Verdict
    integrations: Mapping[Service, Integration]
    levels: Mapping[Service, ShownLevel]
    commitment: CommitmentRead | None
    commitment_level: ShownLevel | None
    clients: int
    obstacle: Obstacle | None
    silent: bool


async def read(session: AsyncSession, owned: Sequence[Product], day: date) -> dict[int, Standing]:
    """By the products' ids, in their order."""
    ids = [product.recorded_id for product in owned]
    campaign = (await campaigns.current(session, day)).campaign
    accepted = [Service(service) for service in campaign.accepted_services]
    found = await verdicts.of_products(session, ids)
    rows = await integrations.current_of_products(session, ids, day)
    applying = await commitments.applying(session, ids, day)
    contested = await reading.contested(session, ids)
    clients = await products.client_counts(session, ids, day)
    declared = await integrations.declared(session, ids, day)
    standings = {}
    for product in owned:
        key = product.recorded_id
        said = {row.service: row for row in rows.get(key, ())}
        disputed = contested.get(key, set())
        commitment = applying.get(key)
        standings[key] = Standing(
            product,
            found[key],
            said,
            {service: of_integration(row, disputed) for service, row in said.items()},
            commitment,
            of_commitment(commitment.row, disputed) if commitment else None,
            clients.get(key, 0),
            _obstacle(product, found[key], said, commitment, accepted),
            silent=found[key] is Verdict.NOT_INTEGRATED and key not in declared,
        )
    return standings


def _obstacle(
    product: Product,
    verdict: Verdict,
    said: Mapping[Service, Integration],
    commitment: CommitmentRead | None,
    accepted: Sequence[Service],
) -> Obstacle | None:
    if verdict is Verdict.NOT_INTEGRATED:
        return _not_integrated(product, said, accepted)
    if verdict in (Verdict.SURCHARGE, Verdict.COST_UNKNOWN):
        return _not_committed(product, commitment)
    return None


def _not_integrated(
    product: Product, said: Mapping[Service, Integration], accepted: Sequence[Service]
) -> Obstacle:
    service = next((each for each in reversed(accepted) if each in said), accepted[-1])
    row = said.get(service)
    address = f"logiciels/{product.slug}/services/{service.value}"
    words = f"Déclarer où en est {SERVICES[service]}"
    if row is None or row.state is IntegrationState.NONE:
        return Obstacle("Rien n’est déclaré de FranceConnect à ce jour.", address, words)
    state = INTEGRATION_STATES[row.state]
    sentence = (
        f"{SERVICES[service]} en est à « {state} » : il compte une fois l’intégration qualifiée."
    )
    return Obstacle(sentence, address, words)


def _not_committed(product: Product, commitment: CommitmentRead | None) -> Obstacle:
    state = commitment.state if commitment else CommitmentState.NONE
    sentence = UNCOMMITTED.get(state, UNSAID)
    if state is CommitmentState.BREACHED:
        return Obstacle(sentence, "engagement", "Voir l’engagement")
    alone = commitment is not None and commitment.row.product_id is not None
    query = f"?product={product.slug}" if alone else ""
    return Obstacle(sentence, f"engagement/signature{query}", "Lire et signer l’engagement")
