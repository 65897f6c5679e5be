"""A product as the ministry reads it: what is declared, what is contested, whose it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Commitment, CommitmentState, Product, Vendor
from registry.domain import commitments, integrations, vendors
from registry.domain import products as domain
from registry.domain.actor import Actor
from registry.domain.commitments import Key
from registry.domain.disputes import reading
from registry.domain.disputes.reading import Holder
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.levels import of_integration
from registry.domain.pages import Page
from registry.domain.rollout import verdicts
from registry.domain.rollout.verdicts import Verdict
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.spaces.disputes import told
from registry.web.spaces.guards import for_ministry
from registry.web.spaces.ministry.commitments import take
from registry.web.visits import At, Visit

ONE = "/espace/ministere/logiciels/{id:int}"
FEW = Page(first=10)


@dataclass(frozen=True, slots=True)
class Change:
    """Of the key of a product: the form that asks for it, and its ``field``."""

    template: str
    field: str
    make: Callable[[AsyncSession, Actor, str, str, int, str], Awaitable[Product]]
    done: str


RENAMING = Change(
    "spaces/ministry/renaming.html", "slug", domain.rename, "a un nouvel identifiant."
)
TRANSFER = Change(
    "spaces/ministry/transfer.html", "newVendorSiren", domain.transfer, "a changé d’éditeur."
)


def routes(at: At) -> list[Route]:
    return [
        at(ONE, for_ministry(show)),
        at(ONE, for_ministry(commit), "POST"),
        *_both(at, f"{ONE}/identifiant", RENAMING),
        *_both(at, f"{ONE}/transfert", TRANSFER),
    ]


def _both(at: At, place: str, change: Change) -> list[Route]:
    return [
        at(place, for_ministry(partial(ask, change))),
        at(place, for_ministry(partial(move, change)), "POST"),
    ]


async def show(visit: Visit) -> Response:
    return await _shown(visit, EMPTY)


async def _shown(visit: Visit, form: Form) -> Response:
    key, day = visit.number(), visit.today
    async with visit.database.read() as session:
        product, vendor = await _product(session, key)
        steps = (await integrations.current_of_products(session, [key], day)).get(key, [])
        contested = (await reading.contested(session, [key])).get(key, set())
        applying = (await commitments.applying(session, [key], day)).get(key)
        every = await commitments.steps_of(session, [(vendor.recorded_id, key)])
        own = every.get((vendor.recorded_id, key), [])
        seen = await reading.seen_of(session, [key], visit.actor, Holder.PRODUCT, FEW)
        cases = await told(session, seen[key].rows if key in seen else ())
        verdict = (await verdicts.of_products(session, [key]))[key]
        spoken = key in await integrations.declared(session, [key], day)
        clients = (await domain.client_counts(session, [key], day)).get(key, 0)
    return visit.page(
        "spaces/ministry/product.html",
        product=product,
        vendor=vendor,
        verdict=verdict,
        silent=verdict is Verdict.NOT_INTEGRATED and not spoken,
        clients=clients,
        steps=[(step, of_integration(step, contested)) for step in steps],
        applying=applying,
        own=own,
        possible=_possible(own),
        cases=cases,
        form=form,
    )


def _possible(own: list[Commitment]) -> CommitmentState | None:
    """The invitation is the vendor's; a breach may be of one product."""
    return commitments.by_ministry(own[0].state) if own else None


async def commit(visit: Visit) -> Response:
    key = visit.number()
    async with visit.database.read() as session:
        product, vendor = await _product(session, key)
    to = f"/espace/ministere/logiciels/{key}"
    return await take(visit, Key(vendor.siren, product.slug), to=to, again=_shown)


async def ask(change: Change, visit: Visit) -> Response:
    async with visit.database.read() as session:
        product, _ = await _product(session, visit.number())
    return await _asking(change, visit, Form.of(version=product.version))


async def _asking(change: Change, visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        product, vendor = await _product(session, visit.number())
    return visit.page(change.template, product=product, vendor=vendor, form=form)


async def move(change: Change, visit: Visit) -> Response:
    form, key = await posted(visit), visit.number()
    async with visit.database.read() as session:
        product, vendor = await _product(session, key)
    wanted, version = form.required(change.field), form.integer("version") or 0

    async def work(session: AsyncSession, _: Said) -> Product:
        return await change.make(session, visit.actor, vendor.siren, product.slug, version, wanted)

    to, done = f"/espace/ministere/logiciels/{key}", f"{product.name} {change.done}"
    return await sent(visit, form, work, to=to, said=done, again=partial(_asking, change))


async def _product(session: AsyncSession, key: int) -> tuple[Product, Vendor]:
    product = (await domain.by_ids(session, [key])).get(key)
    if product is None:
        raise NotFound("id", "Aucun logiciel n’a cet identifiant.")
    return product, (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
