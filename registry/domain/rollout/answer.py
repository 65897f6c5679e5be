"""Everything the registry answers about one collectivité."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from models import Activation, Collectivite, Deployment, Product, Vendor
from registry.domain import activations, collectivites, deployments, products, vendors
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import InvalidInput
from registry.domain.rollout import next_step, readiness, verdicts
from registry.domain.rollout.next_step import NextStep
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Use:
    """A deployment in force, what it runs on, and the state of each service on it.

    ``verdict`` is the product's for this collectivité: in-house software has no price to wait for.
    """

    deployment: Deployment
    product: Product
    vendor: Vendor
    verdict: Verdict
    activations: tuple[Activation, ...]

    @property
    def confirmed(self) -> bool:
        return deployments.is_confirmed(self.deployment)


@dataclass(frozen=True, slots=True)
class Answer:
    """``readiness`` and ``uses`` are those of ``as_of``; ``next_step`` is today's, as
    the actor may read it."""

    collectivite: Collectivite
    as_of: date
    readiness: Readiness
    next_step: NextStep
    uses: tuple[Use, ...]


async def of_collectivite(
    session: AsyncSession, actor: Actor, code: str, as_of: date | None = None
) -> Answer:
    """Raise ``InvalidInput`` for a code that is malformed or unknown."""
    body = await collectivites.by_code(session, code)
    if body is None:
        raise InvalidInput("code", f"Aucune collectivité n’a le code « {code} ».")
    return await of_body(session, actor, body, as_of or today())


async def of_body(session: AsyncSession, actor: Actor, body: Collectivite, day: date) -> Answer:
    key = body.recorded_id
    ready = await readiness.of_collectivites(session, [key], as_of=day)
    steps = await next_step.of_collectivites(session, actor, [key], today())
    return Answer(body, day, ready[key], steps[key], await _uses(session, body, key, day))


async def _uses(
    session: AsyncSession, body: Collectivite, body_id: int, day: date
) -> tuple[Use, ...]:
    links = (await deployments.of_collectivites(session, [body_id], day)).get(body_id, [])
    used = sorted({link.product_id for link in links})
    known = await products.by_ids(session, used)
    owners = await vendors.by_ids(session, [product.vendor_id for product in known.values()])
    judged = await verdicts.of_products(session, used, day)
    keys = [(body_id, link.product_id, link.demarche) for link in links]
    steps = await activations.of_usages(session, keys, day)
    return tuple(
        Use(
            link,
            known[link.product_id],
            owner := owners[known[link.product_id].vendor_id],
            _for_client(judged[link.product_id], owner, body),
            tuple(steps.get(key, ())),
        )
        for link, key in zip(links, keys, strict=True)
    )


def _for_client(verdict: Verdict, vendor: Vendor, body: Collectivite) -> Verdict:
    """Its own qualified software is ready for a collectivité, whatever the commitment."""
    qualified = verdict in (Verdict.READY, Verdict.COST_UNKNOWN, Verdict.SURCHARGE)
    return Verdict.READY if qualified and vendor.siren == body.siren else verdict
