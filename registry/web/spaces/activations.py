"""Where each service stands on a use of software, and the step that follows."""

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Activation, ActivationState, Collectivite, Deployment, Product, Service, Vendor
from registry.domain import activations, actors, collectivites, deployments, products, vendors
from registry.domain.activations import Step
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.policy import Action, authorise, require_signed_in
from registry.domain.transitions import ACTIVATION, PROGRESS
from registry.domain.words import ACTIVATION_STATES, SERVICES
from registry.web.forms import Form, posted, sent
from registry.web.queries import Query
from registry.web.visits import At, Visit

ONE = "/espace/raccordements/{id:int}"


class Use(NamedTuple):
    link: Deployment
    product: Product
    vendor: Vendor
    town: Collectivite
    steps: dict[Service, Activation]

    def state(self, service: Service) -> ActivationState:
        return self.steps[service].state if service in self.steps else ActivationState.NONE


def routes(at: At) -> list[Route]:
    return [at(ONE, show), at(ONE, record, "POST")]


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, ("service",), paging=())
    return await _shown(visit, Form.of(service=query.word("service", Service)))


async def _shown(visit: Visit, form: Form) -> Response:
    """First the service, then the steps that may follow: the second depend on the first."""
    use = await _use(visit)
    chosen = next((service for service in Service if form.get("service") == service), None)
    return visit.page(
        "spaces/activation.html",
        use=use,
        services=[(service.value, SERVICES[service]) for service in Service],
        chosen=chosen,
        choices=[] if chosen is None else _choices(use.state(chosen)),
        back=_back(visit, use),
        form=form,
    )


def _choices(state: ActivationState) -> list[tuple[str, str]]:
    following = sorted(ACTIVATION[state], key=lambda wanted: -PROGRESS[wanted])
    return [(wanted.value, ACTIVATION_STATES[wanted]) for wanted in following]


async def record(visit: Visit) -> Response:
    form, use = await posted(visit), await _use(visit)
    async with visit.database.read() as session:
        subject = deployments.subject(use.link, use.product)
        actor = await actors.acting_for(session, visit.actor, subject)
    form.required("service")
    form.required("state")
    service, state = form.word("service", Service), form.word("state", ActivationState)

    async def work(session: AsyncSession, said: Said) -> Activation:
        key = (use.town.code or "", use.vendor.siren, use.product.slug, use.link.demarche)
        step = Step(*key, service or Service.FRANCECONNECT_V2, state or ActivationState.NONE)
        return await activations.record(session, actor, step, said)

    done = f"L’étape est enregistrée : {SERVICES[service]}." if service else ""
    acting = replace(visit, actor=actor)
    return await sent(acting, form, work, to=_back(visit, use), said=done, again=_shown)


async def _use(visit: Visit) -> Use:
    require_signed_in(visit.actor)
    key = visit.number()
    async with visit.database.read() as session:
        link = (await deployments.by_ids(session, [key])).get(key)
        if link is None:
            raise NotFound("id", "Aucun usage n’a cet identifiant.")
        product = (await products.by_ids(session, [link.product_id]))[link.product_id]
        authorise(visit.actor, Action.RECORD_ACTIVATION, deployments.subject(link, product))
        vendor = (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
        town = (await collectivites.by_ids(session, [link.collectivite_id]))[link.collectivite_id]
        usage = (link.collectivite_id, link.product_id, link.demarche)
        steps = await activations.of_usages(session, [usage], visit.today)
    return Use(link, product, vendor, town, {row.service: row for row in steps.get(usage, ())})


def _back(visit: Visit, use: Use) -> str:
    """To the space that one came from."""
    if use.link.collectivite_id in visit.actor.collectivites:
        return f"/espace/collectivites/{use.town.code}"
    if use.link.operator in visit.actor.sirens:
        return "/espace/operateur"
    return f"/espace/raccordements/{use.link.recorded_id}"
