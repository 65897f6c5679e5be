"""Vendors as the ministry keeps them: found, created, merged, and their commitment."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import CommitmentState, Vendor
from registry.domain import commitments, mergers, products
from registry.domain import vendors as domain
from registry.domain.commitments import Key
from registry.domain.disputes import reading
from registry.domain.disputes.reading import Holder
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.domain.vendors import VendorDetails, VendorFilter, VendorOrder
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.queries import Query, read_page
from registry.web.spaces.disputes import told
from registry.web.spaces.guards import for_ministry
from registry.web.spaces.ministry.commitments import take
from registry.web.vendors import ORDERS
from registry.web.visits import At, Visit

LIST = "/espace/ministere/editeurs"
FILTERS = ("q", "engagement", "tri")
COLUMNS = ("siren", "name", "commitment", "claimed_on")
FEW = Page(first=10)
Held = tuple[Vendor, CommitmentState]


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(listed)),
        *exports.routes(at, LIST, lambda format: for_ministry(partial(as_file, format))),
        at(f"{LIST}/nouveau", for_ministry(new)),
        at(f"{LIST}/nouveau", for_ministry(create), "POST"),
        at(f"{LIST}/{{siren}}", for_ministry(show)),
        at(f"{LIST}/{{siren}}", for_ministry(commit), "POST"),
        at(f"{LIST}/{{siren}}/reunion", for_ministry(merging)),
        at(f"{LIST}/{{siren}}/reunion", for_ministry(merge), "POST"),
    ]


async def listed(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_page, visit, query))
    return visit.page(
        "spaces/ministry/vendors.html",
        200 if found else 400,
        found=found,
        query=query,
        orders=ORDERS,
    )


async def as_file(format: Format, visit: Visit) -> Response:
    fetch = partial(_page, visit, Query.of(visit.request, FILTERS, paging=()))
    return await exports.export_private(
        visit, format, "editeurs", exports.from_pages(COLUMNS, fetch, _record)
    )


async def _page(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Held]:
    """With what the vendor-wide commitment of each reads today."""
    wanted = VendorFilter(query.get("q"), commitment=query.word("engagement", CommitmentState))
    order = query.word("tri", VendorOrder) or VendorOrder.NAME_ASC
    found = await domain.listed(session, page, wanted, order)
    ids = [row.recorded_id for row in found.rows]
    said = await commitments.vendor_wide(session, ids, visit.today)
    states = (said[key].state if key in said else CommitmentState.NONE for key in ids)
    return found.carrying(zip(found.rows, states, strict=True))


def _record(held: Held) -> Record:
    vendor, state = held
    return {
        "siren": vendor.siren,
        "name": vendor.name,
        "commitment": state,
        "claimed_on": vendor.claimed_on,
    }


async def show(visit: Visit) -> Response:
    return await _shown(visit, EMPTY)


async def _shown(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        vendor = await _vendor(visit, session)
        key = vendor.recorded_id
        said = (await commitments.vendor_wide(session, [key], visit.today)).get(key)
        steps = await commitments.steps_of(session, [(key, None)])
        owned = await products.of_vendor(session, key)
        seen = await reading.seen_of(session, [key], visit.actor, Holder.VENDOR, FEW)
        cases = await told(session, seen[key].rows if key in seen else ())
    state = said.state if said else CommitmentState.NONE
    return visit.page(
        "spaces/ministry/vendor.html",
        vendor=vendor,
        state=state,
        possible=commitments.by_ministry(state),
        steps=steps.get((key, None), []),
        products=owned,
        cases=cases,
        form=form,
    )


async def commit(visit: Visit) -> Response:
    siren = visit.request.path_params["siren"]
    return await take(visit, Key(siren), to=f"{LIST}/{siren}", again=_shown)


async def new(visit: Visit) -> Response:
    return await _new(visit, EMPTY)


async def _new(visit: Visit, form: Form) -> Response:
    return visit.page("spaces/ministry/new_vendor.html", form=form)


async def create(visit: Visit) -> Response:
    form = await posted(visit)
    siren, name = form.required("siren"), form.required("name")
    given = VendorDetails(name, form.text("website"), form.text("contact"))

    async def work(session: AsyncSession, _: Said) -> Vendor:
        return await domain.create(session, visit.actor, siren, given)

    to = f"{LIST}/{''.join(siren.split())}"
    done = f"{name} est au registre : l’éditeur pourra reprendre sa fiche."
    return await sent(visit, form, work, to=to, said=done, again=_new)


async def merging(visit: Visit) -> Response:
    return await _merging(visit, EMPTY)


async def _merging(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        vendor = await _vendor(visit, session)
        owned = await products.of_vendor(session, vendor.recorded_id)
    return visit.page("spaces/ministry/merging.html", vendor=vendor, products=owned, form=form)


async def merge(visit: Visit) -> Response:
    form, siren = await posted(visit), visit.request.path_params["siren"]
    target = form.required("targetSiren")

    async def work(session: AsyncSession, _: Said) -> Vendor:
        return await mergers.merge(session, visit.actor, siren, target)

    to = f"{LIST}/{''.join(target.split())}"
    done = "Les deux fiches n’en font plus qu’une."
    return await sent(visit, form, work, to=to, said=done, again=_merging)


async def _vendor(visit: Visit, session: AsyncSession) -> Vendor:
    siren = visit.request.path_params["siren"]
    found = await domain.by_siren(session, siren)
    if found is None:
        raise NotFound("siren", f"Aucun éditeur n’a le SIREN « {siren} ».")
    return found
