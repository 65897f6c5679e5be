"""What vendors declare of their integrations, as the ministry reviews it."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import EvidenceLevel, Integration, IntegrationState, Product, Vendor
from registry.domain import integrations, products, vendors
from registry.domain.disputes import reading
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.integrations import Decision, Key
from registry.domain.levels import ShownLevel, of_integration
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

ONE = "/espace/ministere/integrations/{id:int}"
QUEUE = "/espace/ministere/file?sorte=INTEGRATION_TO_VERIFY"


class Choice(StrEnum):
    VERIFY = "VERIFY"
    SEND_BACK = "SEND_BACK"
    SUSPEND = "SUSPEND"


LABELS: Mapping[Choice, str] = {
    Choice.VERIFY: "Vérifier : la déclaration est juste",
    Choice.SEND_BACK: "Renvoyer à l’éditeur (le motif est à dire)",
    Choice.SUSPEND: "Suspendre : ce qui était qualifié ne fonctionne plus (le motif est à dire)",
}
DONE: Mapping[Choice, str] = {
    Choice.VERIFY: "La déclaration est vérifiée. Celles qui attendent encore sont ici.",
    Choice.SEND_BACK: "La déclaration est renvoyée à l’éditeur. Celles qui attendent encore sont"
    " ici.",
    Choice.SUSPEND: "L’intégration est suspendue.",
}


class Review(NamedTuple):
    """``steps``: the whole history of the service in that product, the latest first.
    ``promises``: the earlier ones of the step.
    """

    step: Integration
    product: Product
    vendor: Vendor
    level: ShownLevel
    steps: list[Integration]
    promises: Sequence[date]

    @property
    def key(self) -> Key:
        return Key(self.vendor.siren, self.product.slug, self.step.service)


def routes(at: At) -> list[Route]:
    return [at(ONE, for_ministry(show)), at(ONE, for_ministry(review), "POST")]


async def show(visit: Visit) -> Response:
    return await _shown(visit, EMPTY)


async def _shown(visit: Visit, form: Form) -> Response:
    found = await _read(visit)
    step = found.step
    past = step.effective_until is not None
    choices = [] if past else [(each.value, LABELS[each]) for each in _choices(step)]
    return visit.page(
        "spaces/ministry/integration.html", found=found, choices=choices, form=form, past=past
    )


def _choices(step: Integration) -> list[Choice]:
    verified = step.evidence_level is EvidenceLevel.VERIFIED
    found = [Choice.SEND_BACK] if verified else [Choice.VERIFY, Choice.SEND_BACK]
    return [*found, Choice.SUSPEND] if step.state is IntegrationState.QUALIFIED else found


async def review(visit: Visit) -> Response:
    form, found = await posted(visit), await _read(visit)
    form.required("decision")
    chosen = form.word("decision", Choice) or Choice.VERIFY
    step_id = found.step.recorded_id

    async def work(session: AsyncSession, said: Said) -> Integration:
        if chosen is Choice.SUSPEND:
            return await integrations.suspend(session, visit.actor, found.key, said)
        decision = Decision(chosen)
        return await integrations.review(
            session, visit.actor, found.key, step_id, decision, said.reason
        )

    to = QUEUE
    if chosen is Choice.SUSPEND:
        to = f"/espace/ministere/logiciels/{found.product.recorded_id}"
    return await sent(visit, form, work, to=to, said=DONE[chosen], again=_shown)


async def _read(visit: Visit) -> Review:
    key = visit.number()
    async with visit.database.read() as session:
        step = (await integrations.by_ids(session, [key])).get(key)
        if step is None:
            raise NotFound("id", "Aucune déclaration n’a cet identifiant.")
        product = (await products.by_ids(session, [step.product_id]))[step.product_id]
        vendor = (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
        every = await integrations.history_of_products(session, [step.product_id])
        contested = await reading.contested(session, [step.product_id])
        promises = await integrations.earlier_promises(session, [step])
    steps = [row for row in every[step.product_id] if row.service is step.service]
    level = of_integration(step, contested.get(step.product_id, ()))
    return Review(step, product, vendor, level, steps, promises.get(key, ()))
