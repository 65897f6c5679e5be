"""Where a service stands at a client: the next step of it."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Activation, ActivationState, Service
from registry.domain import activations
from registry.domain.activations import Step
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.transitions import ACTIVATION
from registry.domain.words import ACTIVATION_STATES, SERVICES, of
from registry.web.forms import EMPTY, Form, posted
from registry.web.spaces.vendors.deployments import known
from registry.web.spaces.vendors.space import Space


async def show(space: Space) -> Response:
    return await _page(space, EMPTY)


async def record(space: Space) -> Response:
    form, service = await posted(space.visit), _service(space)
    form.required("state")
    state = form.word("state", ActivationState) or ActivationState.NONE
    async with space.visit.database.read() as session:
        use = await known(session, space)
    step = Step(
        use.body.code or "",
        space.vendor.siren,
        use.product.slug,
        use.row.demarche,
        service,
        state,
    )

    async def work(session: AsyncSession, said: Said) -> Activation:
        return await activations.record(session, space.visit.actor, step, said)

    to = space.to("clients", space.visit.number())
    said = f"L’étape {of(SERVICES[service])} est enregistrée."
    return await space.sent(form, work, to=to, said=said, again=_page)


async def _page(space: Space, form: Form) -> Response:
    service = _service(space)
    async with space.visit.database.read() as session:
        use = await known(session, space)
    current = use.of(service)
    following = ACTIVATION[current.state if current else ActivationState.NONE]
    return space.page(
        "activation.html",
        use=use,
        service=service,
        current=current,
        following={
            state: words for state, words in ACTIVATION_STATES.items() if state in following
        },
        form=form,
    )


def _service(space: Space) -> Service:
    try:
        return Service(space.given("service"))
    except ValueError as error:
        raise NotFound("service", "Le registre ne connaît pas ce service de l’État.") from error
