"""The vendor's products: listed, added, edited, retired."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from models import DATA_APIS, DeliveryModel, Demarche, Product, Service
from registry.domain import integrations, products
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.domain.products import ProductDetails
from registry.domain.search import folded
from registry.exchange.lists import Format, Record
from registry.web.exports import export_private, from_pages
from registry.web.forms import EMPTY, Form, posted
from registry.web.products.listing import ORDERS, STATES, asked
from registry.web.queries import Query, read_page
from registry.web.spaces.vendors import standing
from registry.web.spaces.vendors.space import Page as Served
from registry.web.spaces.vendors.space import Space
from registry.web.spaces.vendors.standing import Standing

YES, NO = "oui", "non"
FILTERS = ("q", "demarche", "connexion", "fourniture", "retires", "etat", "tri")
COLUMNS = (
    *("vendor_siren", "slug", "name", "demarches", "citizen_login", "delivery_model", "retired_on"),
    *("verdict", "commitment", "client_count"),
)


async def show_all(space: Space) -> Response:
    query = Query.of(space.visit.request, FILTERS)
    query, found = await read_page(space.visit.database, query, partial(_listed, space, query))
    return space.page(
        "products.html",
        200 if found else 400,
        query=query,
        found=found,
        orders=ORDERS,
        states=STATES,
    )


def as_file(format: Format) -> Served:
    """The whole list, as ``csv`` or ``json``."""

    async def write(space: Space) -> Response:
        fetch = partial(_listed, space, Query.of(space.visit.request, FILTERS, paging=()))
        source = from_pages(COLUMNS, fetch, partial(_as_told, space.vendor.siren))
        return await export_private(space.visit, format, f"logiciels-{space.vendor.siren}", source)

    return write


async def _listed(space: Space, query: Query, session: AsyncSession, page: Page) -> Slice[Standing]:
    wanted, order = asked(query)
    own = replace(wanted, vendor_siren=space.vendor.siren)
    found = await products.listed(session, page, own, order)
    standings = await standing.read(session, found.rows, space.visit.today)
    return found.carrying(standings.values())


def _as_told(siren: str, found: Standing) -> Record:
    product = found.product
    return {
        "vendor_siren": siren,
        "slug": product.slug,
        "name": product.name,
        "demarches": product.demarches,
        "citizen_login": product.citizen_login,
        "delivery_model": product.delivery_model,
        "retired_on": product.retired_on,
        "verdict": None if found.silent else found.verdict,
        "commitment": found.commitment.state if found.commitment else None,
        "client_count": found.clients,
    }


async def show(space: Space) -> Response:
    async with space.visit.database.read() as session:
        product = await known(session, space)
        standings = await standing.read(session, [product], space.visit.today)
        steps = await integrations.history_of_products(session, [product.recorded_id])
    if product.slug != space.given("slug"):
        return RedirectResponse(space.to("logiciels", product.slug), 308)
    return space.page(
        "product.html",
        product=product,
        standing=standings[product.recorded_id],
        steps=steps.get(product.recorded_id, []),
        services=[*Service],
        data_apis=DATA_APIS,
        retired=products.is_retired(product, space.visit.today),
    )


async def known(session: AsyncSession, space: Space, slug: str | None = None) -> Product:
    """The one of the address, or of that ``slug``; another vendor's is none."""
    wanted = space.given("slug") if slug is None else slug
    product = await products.by_key(session, space.vendor.siren, wanted)
    if product is None or product.vendor_id != space.vendor.id:
        raise NotFound("product", f"{space.vendor.name} n’a pas de logiciel « {wanted} ».")
    return product


async def show_new(space: Space) -> Response:
    return await _new(space, EMPTY)


async def add(space: Space) -> Response:
    form = await posted(space.visit)
    details = _details(form)
    slug = form.text("slug") or folded(form.get("name")).replace(" ", "-")

    async def work(session: AsyncSession, _: Said) -> Product:
        siren = space.vendor.siren
        return await products.add(session, space.visit.actor, siren, slug, details)

    to = space.to("logiciels", slug)
    said = f"{details.name} est ajouté. Dites maintenant où en est FranceConnect."
    return await space.sent(form, work, to=to, said=said, again=_new)


async def _new(space: Space, form: Form) -> Response:
    return space.page("product_new.html", form=form)


async def show_edit(space: Space) -> Response:
    async with space.visit.database.read() as session:
        product = await known(session, space)
    return await _edit(space, _as_recorded(product))


async def edit(space: Space) -> Response:
    form = await posted(space.visit)
    details, version = _details(form), form.integer("version") or 0
    changes: Mapping[str, Any] = {
        "name": details.name,
        "citizen_login": details.citizen_login,
        "demarches": details.demarches,
        "delivery_model": details.delivery_model,
    }
    slug = space.given("slug")

    async def work(session: AsyncSession, _: Said) -> Product:
        siren = space.vendor.siren
        return await products.edit(session, space.visit.actor, siren, slug, version, changes)

    to = space.to("logiciels", slug)
    return await space.sent(form, work, to=to, said="La fiche est modifiée.", again=_edit)


async def _edit(space: Space, form: Form) -> Response:
    """With what is recorded beside it, where it changed since the form was opened."""
    async with space.visit.database.read() as session:
        product = await known(session, space)
    changed = form.get("version") != str(product.version)
    return space.page("product_edit.html", product=product, form=form, changed=changed)


async def retire(space: Space) -> Response:
    """Or, without a day, put it on offer again."""
    form = await posted(space.visit)
    day, version, slug = form.date("retiredOn"), form.integer("version") or 0, space.given("slug")
    if form.has("retire"):
        form.required("retiredOn")

    async def work(session: AsyncSession, _: Said) -> Product:
        siren = space.vendor.siren
        return await products.retire(session, space.visit.actor, siren, slug, version, day)

    said = "Le logiciel est retiré : il garde ses clients et n’en prend plus de nouveau."
    if day is None:
        said = "Le logiciel est de nouveau proposé."
    to = space.to("logiciels", slug)
    return await space.sent(form, work, to=to, said=said, again=_retirement)


async def show_retirement(space: Space) -> Response:
    return await _retirement(space, Form.of(retiredOn=space.visit.today))


async def _retirement(space: Space, form: Form) -> Response:
    async with space.visit.database.read() as session:
        product = await known(session, space)
    return space.page("product_retire.html", product=product, form=form)


def _details(form: Form) -> ProductDetails:
    form.required("citizenLogin")
    return ProductDetails(
        form.required("name"),
        form.get("citizenLogin") == YES,
        form.words("demarches", Demarche),
        form.word("deliveryModel", DeliveryModel),
    )


def _as_recorded(product: Product) -> Form:
    return Form.of(
        version=product.version,
        name=product.name,
        citizenLogin=YES if product.citizen_login else NO,
        demarches=product.demarches,
        deliveryModel=product.delivery_model,
    )
