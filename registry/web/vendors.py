"""The list of vendors with its files, and the page of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import CommitmentState, Vendor
from registry.domain import commitments, products, vendors
from registry.domain.clients import ClientsOf
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.errors import NotFound
from registry.domain.levels import ShownLevel, of_commitment
from registry.domain.pages import WHOLE
from registry.domain.rollout import clientele, sheets, verdicts
from registry.domain.rollout.clientele import Clientele
from registry.domain.rollout.verdicts import Judged, Verdict
from registry.domain.transitions import CommitmentRead
from registry.domain.vendors import VendorFilter, VendorOrder
from registry.exchange.lists import Format, Record
from registry.web import exports, kept, timeline
from registry.web.publishing import elsewhere
from registry.web.queries import Listed, Query, tried
from registry.web.visits import At, Visit

ORDERS = {
    VendorOrder.NAME_ASC: "par nom, de A à Z",
    VendorOrder.NAME_DESC: "par nom, de Z à A",
    VendorOrder.KEY_ASC: "par SIREN, croissant",
    VendorOrder.KEY_DESC: "par SIREN, décroissant",
}
FILTERS = ("q", "engagement", "tri")
COLUMNS = (
    "siren", "name", "website", "contact", "claimed", "statement", "statement_on", "commitment",
    "commitment_since", "commitment_declared_by", "valid_until", "product_count",
    "ready_product_count", "client_count",
)  # fmt: skip


def routes(at: At) -> list[Route]:
    return [
        at("/editeurs", show_all),
        *exports.routes(at, "/editeurs", lambda format: partial(file, format)),
        at("/editeurs/{siren}", show),
    ]


@dataclass(frozen=True, slots=True)
class Promised:
    """A vendor, and what it promises for all its products."""

    vendor: Vendor
    commitment: CommitmentRead | None

    @property
    def since(self) -> date | None:
        return None if self.commitment is None else self.commitment.since

    @property
    def level(self) -> ShownLevel | None:
        return None if self.commitment is None else of_commitment(self.commitment.row, ())


@dataclass(frozen=True, slots=True)
class Line(Promised):
    products: Mapping[Judged, int]
    clients: int


def asked(query: Query) -> tuple[VendorFilter, VendorOrder]:
    wanted = VendorFilter(text=query.get("q"), commitment=query.word("engagement", CommitmentState))
    return wanted, query.word("tri", VendorOrder) or VendorOrder.NAME_ASC


async def show_all(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    async with visit.database.read() as session:
        query, found = await tried(query, _listed(session, query, visit.today))
    return visit.page(
        "vendors.html",
        200 if found else 400,
        query=query,
        found=found,
        orders=ORDERS,
    )


async def _listed(session: AsyncSession, query: Query, day: date) -> Listed[Sequence[Line]]:
    wanted, order = asked(query)
    found = await vendors.listed(session, query.page(), wanted, order)
    lines = await _lines(session, found.rows, day)
    return Listed(found, await vendors.count(session, wanted), lines)


async def file(format: Format, visit: Visit) -> Response:
    wanted, order = asked(Query.of(visit.request, FILTERS, paging=()))

    async def read(session: AsyncSession) -> Iterable[Record]:
        found = await vendors.listed(session, WHOLE, wanted, order)
        return map(_record, await _lines(session, found.rows, visit.today))

    return await exports.export(visit, format, "editeurs", exports.from_rows(COLUMNS, read))


async def show(visit: Visit) -> Response:
    siren = visit.request.path_params["siren"]
    async with visit.database.read() as session:
        vendor = await vendors.by_siren(session, siren)
        if vendor is None:
            raise NotFound("siren", f"Le registre ne connaît pas d’éditeur de SIREN {siren}.")
        if vendor.siren != siren:
            return elsewhere(f"/editeurs/{vendor.siren}")
        identifier = vendor.recorded_id
        wide = await commitments.vendor_wide(session, [identifier], visit.today)
        owned = await products.of_vendor(session, identifier)
        rows = await sheets.of_products(session, owned, visit.today)
        counts = await sheets.counts(session, [row.recorded_id for row in owned], visit.today)
        steps = await commitments.steps_of(session, [(identifier, None)])
        opened = await disputes.open_counts(session, [identifier], Holder.VENDOR)
        parents = await vendors.by_ids(session, [vendor.parent_id] if vendor.parent_id else [])
    clients = await kept.read(
        visit, ("clientele", identifier), partial(_clientele, identifier, visit.today)
    )
    promised = Promised(vendor, wide.get(identifier))
    row = None if promised.commitment is None else promised.commitment.row
    return visit.page(
        "vendor.html",
        vendor=vendor,
        promised=promised,
        clients=clients,
        sheets=rows,
        counts=counts,
        steps=timeline.merged((), steps.get((identifier, None), ())),
        open_disputes=opened.get(identifier, 0),
        parent=parents.get(vendor.parent_id or 0),
        signatory=None if row is None else commitments.signatory(visit.actor, row),
        own=identifier in visit.actor.vendors,
    )


async def _clientele(vendor: int, day: date, session: AsyncSession) -> Clientele:
    return (await clientele.of_each(session, ClientsOf.VENDOR, [vendor], day))[vendor]


async def _lines(session: AsyncSession, rows: Sequence[Vendor], day: date) -> list[Line]:
    ids = [row.recorded_id for row in rows]
    promised = await commitments.vendor_wide(session, ids, day)
    judged = await verdicts.of_vendors(session, ids)
    clients = await clientele.totals(session, ClientsOf.VENDOR, ids, day)
    return [
        Line(row, promised.get(key), judged[key], clients.get(key, 0))
        for row, key in zip(rows, ids, strict=True)
    ]


def _record(line: Line) -> Record:
    vendor, read = line.vendor, line.commitment
    return {
        "siren": vendor.siren,
        "name": vendor.name,
        "website": vendor.website,
        "contact": vendor.contact,
        "claimed": vendor.claimed_on is not None,
        "statement": vendor.statement,
        "statement_on": vendor.statement_on,
        "commitment": None if read is None else read.state,
        "commitment_since": line.since,
        "commitment_declared_by": None if read is None else read.row.declared_by,
        "valid_until": None if read is None else read.row.valid_until,
        "product_count": sum(line.products.values()),
        "ready_product_count": line.products.get((Verdict.READY, False), 0),
        "client_count": line.clients,
    }
