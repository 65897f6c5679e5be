"""A collectivité says what it uses: declared, or confirmed."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Demarche, Deployment
from registry.domain import deployments, products, vendors
from registry.domain.deployments import Declaration
from registry.domain.histories import Said
from registry.domain.policy import Action
from registry.web.collectivites import showing
from registry.web.collectivites.finding import (
    PRODUCT,
    answered,
    code_of,
    own,
    page_of,
)
from registry.web.forms import Form, posted, sent
from registry.web.visits import Visit

MATCHES = 20

USAGE, REPLACED = "usage", "replaced"


async def show_declaring(visit: Visit) -> Response:
    """First the software, then what it serves."""
    chosen = visit.request.query_params.get(PRODUCT)
    if chosen:
        return await _filling(visit, Form.of(**{PRODUCT: chosen}))
    text = visit.request.query_params.get("q", "").strip()
    async with visit.database.read() as session:
        body = await own(session, visit, Action.DECLARE_DEPLOYMENT)
        matches = await products.offered(session, text, visit.today, MATCHES) if text else []
    return visit.page("collectivites/choose.html", body=body, text=text, matches=matches)


async def _filling(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        body = await own(session, visit, Action.DECLARE_DEPLOYMENT)
        siren, _, slug = form.get(PRODUCT).partition("/")
        product = await products.named(session, siren, slug)
        vendor = (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
        said = await answered(session, visit, body)
    return visit.page(
        "collectivites/declare.html",
        body=body,
        product=product,
        vendor=vendor,
        form=form,
        already=[use.deployment.demarche for use in said.uses if use.product.id == product.id],
        others=[
            use
            for use in said.uses
            if use.product.id != product.id and use.deployment.demarche in product.demarches
        ],
        offered=[Demarche(code) for code in product.demarches],
    )


async def declare(visit: Visit) -> Response:
    form = await posted(visit)
    siren, _, slug = form.required(PRODUCT).partition("/")
    demarches, since = form.words("demarche", Demarche), form.date("since")
    replaced = form.numbers(REPLACED) if form.has(REPLACED) else []
    form.required("demarche")

    async def work(session: AsyncSession, said: Said) -> Deployment:
        given = Declaration(code_of(visit), siren, slug, demarches[0], since)
        return await deployments.replace(session, visit.actor, given, demarches, replaced)

    return await sent(
        visit,
        form,
        work,
        to=page_of(visit),
        said="Votre logiciel est déclaré. Merci : cette page en tient déjà compte.",
        again=_filling,
    )


async def confirm(visit: Visit) -> Response:
    """One use, or all that are told of a product."""
    form = await posted(visit)
    uses = form.numbers(USAGE)

    async def work(session: AsyncSession, said: Said) -> Deployment:
        return await deployments.confirm_each(session, visit.actor, uses)

    done = "Cet usage est confirmé." if len(uses) == 1 else "Ces usages sont confirmés."
    return await sent(
        visit, form, work, to=page_of(visit), said=f"{done} Merci.", again=showing.page
    )
