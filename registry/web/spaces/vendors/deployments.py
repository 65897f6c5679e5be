"""One client's use of a product: declared, confirmed, ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Activation, Collectivite, Demarche, Deployment, Product, Service
from registry.domain import activations, clients, collectivites, deployments, products
from registry.domain.collectivites import CollectiviteFilter, CollectiviteOrder
from registry.domain.deployments import Declaration
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.identifiers import code_kind, compact
from registry.domain.pages import Page
from registry.domain.words import DEMARCHES
from registry.web.forms import Form, posted
from registry.web.queries import Query
from registry.web.spaces.vendors.space import Space

FOUND = 20
UNKNOWN = "Aucun de vos clients n’a cette adresse."


@dataclass(frozen=True, slots=True)
class Use:
    """``activations``: where each service stands that is begun."""

    row: Deployment
    body: Collectivite
    product: Product
    activations: Sequence[Activation]

    def of(self, service: Service) -> Activation | None:
        return next((each for each in self.activations if each.service is service), None)


async def show(space: Space) -> Response:
    async with space.visit.database.read() as session:
        use = await known(session, space)
    return _page(space, use, Form.of(until=space.visit.today))


async def known(session: AsyncSession, space: Space) -> Use:
    """The use of the address; another vendor's is none."""
    number, day = space.visit.number(), space.visit.today
    row = (await deployments.by_ids(session, [number])).get(number)
    if row is None:
        raise NotFound("id", UNKNOWN)
    product = (await products.by_ids(session, [row.product_id]))[row.product_id]
    if product.vendor_id != space.vendor.id:
        raise NotFound("id", UNKNOWN)
    clients.check(space.visit.actor, product.vendor_id)
    body = (await collectivites.by_ids(session, [row.collectivite_id]))[row.collectivite_id]
    usage = (row.collectivite_id, row.product_id, row.demarche)
    begun = (await activations.of_usages(session, [usage], day)).get(usage, [])
    return Use(row, body, product, begun)


async def confirm(space: Space) -> Response:
    form, number = await posted(space.visit), space.visit.number()

    async def work(session: AsyncSession, _: Said) -> Deployment:
        return await deployments.confirm(session, space.visit.actor, number)

    to = space.to("clients", number)
    return await space.sent(form, work, to=to, said="Cet usage est confirmé.", again=_again)


async def end(space: Space) -> Response:
    form, number = await posted(space.visit), space.visit.number()
    version, until = form.integer("version") or 0, form.date("until")

    async def work(session: AsyncSession, _: Said) -> Deployment:
        return await deployments.end(session, space.visit.actor, number, version, until)

    to = space.to("clients", number)
    said = "La fin de cet usage est enregistrée."
    return await space.sent(form, work, to=to, said=said, again=_again)


async def _again(space: Space, form: Form) -> Response:
    async with space.visit.database.read() as session:
        use = await known(session, space)
    return _page(space, use, form)


def _page(space: Space, use: Use, form: Form) -> Response:
    actor = space.visit.actor
    return space.page(
        "deployment.html",
        use=use,
        form=form,
        services=[*Service],
        confirmed=deployments.is_confirmed(use.row),
        confirmable=deployments.is_confirmable(actor, use.row, use.product),
        current=deployments.is_in_force(use.row, space.visit.today),
    )


def _with_demarches(product: Product) -> str:
    covered = ", ".join(DEMARCHES[Demarche(code)] for code in product.demarches)
    return f"{product.name} ({covered})" if covered else product.name


async def search(space: Space) -> Response:
    """First the collectivité: a name is shared by many, so that one is chosen from a list."""
    text = Query.of(space.visit.request, ("q",), paging=()).get("q")
    async with space.visit.database.read() as session:
        found = [] if text is None else await _found(session, text)
        owned = await products.of_vendor(session, space.vendor.recorded_id)
    return space.page("client_search.html", text=text, found=found, owned=owned, most=FOUND)


async def _found(session: AsyncSession, text: str) -> Sequence[Collectivite]:
    if code_kind(compact(text).upper()) is not None:
        body = await collectivites.by_code(session, text)
        return [] if body is None else [body]
    wanted, order = CollectiviteFilter(text=text), CollectiviteOrder.POPULATION_DESC
    return (await collectivites.listed(session, Page(first=FOUND), wanted, order)).rows


async def show_declaration(space: Space) -> Response:
    return await _declaration(space, Form())


async def declare(space: Space) -> Response:
    form = await posted(space.visit)
    form.required("demarche")
    declaration = Declaration(
        space.given("code"),
        space.vendor.siren,
        form.required("product"),
        form.word("demarche", Demarche) or Demarche.AUTRE,
        form.date("since"),
        form.date("until"),
        form.text("operator"),
    )

    async def work(session: AsyncSession, _: Said) -> Deployment:
        return await deployments.declare(session, space.visit.actor, declaration)

    return await space.sent(
        form,
        work,
        to=lambda number: space.to("clients", number),
        said="Ce client est enregistré. La collectivité pourra le confirmer.",
        again=_declaration,
    )


async def _declaration(space: Space, form: Form) -> Response:
    day, owner = space.visit.today, space.vendor.recorded_id
    async with space.visit.database.read() as session:
        body = await collectivites.named(session, "collectivite", space.given("code"))
        mine = {
            product.recorded_id: product for product in await products.of_vendor(session, owner)
        }
        found = await deployments.of_collectivites(session, [body.recorded_id], day)
    uses = [row for row in found.get(body.recorded_id, ()) if row.product_id in mine]
    on_offer = [each for each in mine.values() if not products.is_retired(each, day)]
    covered = {code for product in on_offer for code in product.demarches}
    return space.page(
        "client_add.html",
        form=form,
        body=body,
        uses=uses,
        mine=mine,
        on_offer=[(product.slug, _with_demarches(product)) for product in on_offer],
        demarches={code: words for code, words in DEMARCHES.items() if code.value in covered},
    )
