"""One form for each step of a service in a product, and one to say the present step anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import DATA_APIS, Feed, Integration, IntegrationState, Product, Service
from registry.domain import integrations
from registry.domain.disputes import reading
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.integrations import Details, Key
from registry.domain.levels import ShownLevel, of_integration
from registry.domain.transitions import INTEGRATION
from registry.domain.words import FEEDS, INTEGRATION_STATES, SERVICES, of
from registry.web.forms import Form, posted
from registry.web.spaces.vendors.products import known
from registry.web.spaces.vendors.space import Space


@dataclass(frozen=True, slots=True)
class Record:
    """What is said of a service in a product: every step, latest first, and the earlier promises
    of each.
    """

    product: Product
    service: Service
    steps: list[Integration]
    level: ShownLevel | None
    promises: Mapping[int, Sequence[date]]

    @property
    def current(self) -> Integration | None:
        return next((step for step in self.steps if step.effective_until is None), None)

    @property
    def state(self) -> IntegrationState:
        return self.current.state if self.current else IntegrationState.NONE

    @property
    def following(self) -> dict[IntegrationState, str]:
        """The states that the next step may have, in words."""
        allowed = INTEGRATION[self.state]
        return {state: words for state, words in INTEGRATION_STATES.items() if state in allowed}

    @property
    def amendable(self) -> bool:
        return self.current is not None and integrations.is_amendable(self.current)

    @property
    def may_promise(self) -> bool:
        """Whether the next step may be one that is promised for a day."""
        return IntegrationState.PLANNED in self.following

    def unconfirmable(self, day: date) -> str | None:
        return integrations.unconfirmable(self.current, day) if self.current else None


async def show(space: Space) -> Response:
    record = await _record(space)
    return await _page(space, "integration.html", record, _as_recorded(record))


async def record(space: Space) -> Response:
    form = await posted(space.visit)
    key, details = _key(space), _details(form)
    form.required("state")
    state = form.word("state", IntegrationState) or IntegrationState.NONE

    async def work(session: AsyncSession, said: Said) -> Integration:
        actor = space.visit.actor
        return await integrations.record(session, actor, key, state, details, said)

    return await space.sent(
        form,
        work,
        to=space.to("logiciels", key.product),
        said=f"L’étape {of(SERVICES[key.service])} est enregistrée, et se lit dès maintenant."
        " Le ministère pourra la vérifier, sans délai fixé.",
        again=_step_again,
    )


async def show_amendment(space: Space) -> Response:
    record = await _record(space)
    current = record.current
    url = {"evidenceUrl": [current.evidence_url or ""]} if current else {}
    form = _as_recorded(record)
    return await _page(
        space, "integration_amend.html", record, replace(form, values={**form.values, **url})
    )


async def amend(space: Space) -> Response:
    form = await posted(space.visit)
    key, details, step = _key(space), _details(form), form.integer("step") or 0

    async def work(session: AsyncSession, said: Said) -> Integration:
        actor = space.visit.actor
        return await integrations.amend(session, actor, key, step, details, said.evidence_url)

    return await space.sent(
        form,
        work,
        to=space.to("logiciels", key.product),
        said=f"Ce qui est dit {of(SERVICES[key.service])} est corrigé.",
        again=_amendment_again,
    )


async def confirm(space: Space) -> Response:
    form = await posted(space.visit)
    key, step = _key(space), form.integer("step") or 0

    async def work(session: AsyncSession, _: Said) -> Integration:
        return await integrations.confirm(session, space.visit.actor, key, step)

    return await space.sent(
        form,
        work,
        to=space.to("logiciels", key.product),
        said=f"C’est noté : votre déclaration sur {SERVICES[key.service]} est toujours vraie.",
        again=_confirmation_again,
    )


async def _confirmation_again(space: Space, form: Form) -> Response:
    """The form of a step is for another one."""
    record = await _record(space)
    kept = replace(_as_recorded(record), refusal=form.refusal, faults=form.faults)
    return await _page(space, "integration.html", record, kept)


async def _step_again(space: Space, form: Form) -> Response:
    return await _page(space, "integration.html", await _record(space), form)


async def _amendment_again(space: Space, form: Form) -> Response:
    return await _page(space, "integration_amend.html", await _record(space), form)


async def _page(space: Space, template: str, record: Record, form: Form) -> Response:
    feeds = {feed: words for feed, words in FEEDS.items() if _is_of(record.service, feed)}
    return space.page(template, record=record, form=form, feeds=feeds)


async def _record(space: Space) -> Record:
    service = _service(space)
    async with space.visit.database.read() as session:
        product = await known(session, space)
        found = await integrations.history_of_products(session, [product.recorded_id])
        contested = await reading.contested(session, [product.recorded_id])
        steps = [step for step in found.get(product.recorded_id, ()) if step.service is service]
        promises = await integrations.earlier_promises(session, steps)
    current = next((step for step in steps if step.effective_until is None), None)
    disputed = contested.get(product.recorded_id, set())
    level = of_integration(current, disputed) if current else None
    return Record(product, service, steps, level, promises)


def _key(space: Space) -> Key:
    return Key(space.vendor.siren, space.given("slug"), _service(space))


def _service(space: Space) -> Service:
    try:
        return Service(space.given("service"))
    except ValueError as error:
        raise NotFound("service", "Le registre ne connaît pas ce service de l’État.") from error


def _is_of(service: Service, feed: Feed) -> bool:
    tax = service is Service.API_IMPOT_PARTICULIER
    return service in DATA_APIS and (feed is Feed.AVIS_IMPOSITION) is tax


def _details(form: Form) -> Details:
    return Details(form.words("feeds", Feed), form.date("targetDate"), form.text("minVersion"))


def _as_recorded(record: Record) -> Form:
    """The next step begins with what is said already."""
    current = record.current
    if current is None:
        return Form()
    return Form.of(
        step=current.recorded_id,
        feeds=current.feeds,
        targetDate=current.target_date,
        minVersion=current.min_version,
    )
