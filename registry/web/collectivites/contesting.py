"""A collectivité reports a surcharge, or contests what a vendor says of its software."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Dispute, DisputeKind, Integration, Service, SurchargeKind
from registry.domain import actors, integrations
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.opening import Complaint, Subjects, open_dispute
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.levels import ShownLevel, of_integration
from registry.domain.policy import Action, Subject
from registry.domain.rollout.answer import Use
from registry.web.collectivites.finding import PRODUCT, answered, code_of, own, page_of, used
from registry.web.forms import Form, posted, sent
from registry.web.visits import Visit

Again = Callable[[Visit, Form], Awaitable[Response]]


async def show_surcharge(visit: Visit) -> Response:
    return await _surcharge(visit, _begun(visit))


async def show_contest(visit: Visit) -> Response:
    return await _contest(visit, _begun(visit))


async def report_surcharge(visit: Visit) -> Response:
    form = await posted(visit)
    complaint = Complaint(
        DisputeKind.SURCHARGE,
        form.required("statement"),
        surcharge_kind=form.word("surchargeKind", SurchargeKind),
        amount_cents=form.cents("amountCents"),
    )
    said = "Votre signalement est envoyé. Vous lirez ici ce qu’en font le ministère et l’éditeur."
    return await _opened(visit, form, complaint, said, _surcharge)


async def contest(visit: Visit) -> Response:
    form = await posted(visit)
    form.required("service")
    complaint = Complaint(
        DisputeKind.INTEGRATION, form.required("statement"), form.word("service", Service)
    )
    said = (
        "Votre contestation est envoyée. Vous lirez ici ce que le ministère et l’éditeur en font."
    )
    return await _opened(visit, form, complaint, said, _contest)


async def _opened(
    visit: Visit, form: Form, complaint: Complaint, done: str, again: Again
) -> Response:
    siren, _, slug = form.required(PRODUCT).partition("/")
    async with visit.database.read() as session:
        subject = Subject(collectivite=(await own(session, visit, Action.OPEN_DISPUTE)).id)
        actor = await actors.acting_for(session, visit.actor, subject)

    async def work(session: AsyncSession, said: Said) -> Dispute:
        about = Subjects(code_of(visit), siren, slug)
        return await open_dispute(session, actor, about, complaint, said)

    def followed(dispute_id: int) -> str:
        return f"/espace{page_of(visit)}/contestations/{dispute_id}"

    acting = replace(visit, actor=actor)
    return await sent(acting, form, work, to=followed, said=done, again=again)


def _begun(visit: Visit) -> Form:
    return Form.of(**{PRODUCT: visit.request.query_params.get(PRODUCT)})


async def _surcharge(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        body = await own(session, visit, Action.OPEN_DISPUTE)
        by_key = used(await answered(session, visit, body))
    chosen = _chosen(by_key, form)
    template = "collectivites/surcharge.html" if chosen else "collectivites/about.html"
    return visit.page(template, body=body, used=by_key, chosen=chosen, form=form, to="surcout")


async def _contest(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        body = await own(session, visit, Action.OPEN_DISPUTE)
        by_key = used(await answered(session, visit, body))
        chosen = _chosen(by_key, form)
        said = await _said(session, visit, by_key[chosen][0]) if chosen else []
    template = "collectivites/contest.html" if chosen else "collectivites/about.html"
    return visit.page(
        template, body=body, used=by_key, chosen=chosen, form=form, said_of=said, to="contester"
    )


async def _said(
    session: AsyncSession, visit: Visit, use: Use
) -> list[tuple[Integration, ShownLevel]]:
    """What can be contested."""
    product = use.product.recorded_id
    rows = (await integrations.current_of_products(session, [product], visit.today)).get(product)
    contested = (await disputes.contested(session, [product])).get(product, set())
    return [(row, of_integration(row, contested)) for row in rows or ()]


def _chosen(by_key: dict[str, list[Use]], form: Form) -> str | None:
    """The product that is spoken of; None while it is to be chosen."""
    wanted = form.get(PRODUCT)
    if wanted and wanted not in by_key:
        raise NotFound(PRODUCT, "Ce logiciel n’est pas de ceux que vous utilisez aujourd’hui.")
    if wanted or len(by_key) != 1:
        return wanted or None
    return next(iter(by_key))
