"""The no-surcharge commitment: read, signed under the text itself, declined, withdrawn."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Campaign, Commitment, CommitmentState, Product, SurchargeKind
from registry.domain import campaigns, commitments, products
from registry.domain.actor import Actor
from registry.domain.commitments import Key, Signature
from registry.domain.disputes import reading
from registry.domain.histories import Said
from registry.domain.levels import ShownLevel, of_commitment
from registry.domain.transitions import CommitmentRead
from registry.web import charters
from registry.web.forms import Form, posted
from registry.web.queries import Query
from registry.web.spaces.vendors.products import known
from registry.web.spaces.vendors.space import Shown, Space

Move = Callable[[AsyncSession, Actor, Key, Said], Awaitable[Commitment]]


@dataclass(frozen=True, slots=True)
class Record:
    """A commitment, of the vendor (no ``product``) or of one product; its steps, latest first."""

    product: Product | None
    current: CommitmentRead | None
    steps: Sequence[Commitment]
    level: ShownLevel | None
    open_to: frozenset[CommitmentState]

    @property
    def state(self) -> CommitmentState:
        return self.current.state if self.current else CommitmentState.NONE

    @property
    def query(self) -> str:
        return f"?product={self.product.slug}" if self.product else ""


async def show_all(space: Space) -> Response:
    async with space.visit.database.read() as session:
        owned = await products.of_vendor(session, space.vendor.recorded_id)
        wide, *own = await _records(session, space, [None, *owned])
        campaign = (await campaigns.current(session, space.visit.today)).campaign
        applying = await commitments.applying(
            session, [product.recorded_id for product in owned], space.visit.today
        )
    return space.page(
        "commitments.html", wide=wide, records=own, applying=applying, campaign=campaign
    )


async def show_signing(space: Space) -> Response:
    return await _signing(space, _asked(space))


async def sign(space: Space) -> Response:
    form = await posted(space.visit)
    key = _key(space, form)
    signature = Signature(
        form.get("charterVersion"),
        form.required("signatory"),
        form.required("signatoryCapacity"),
        form.words("scope", SurchargeKind),
        form.text("exclusions"),
        form.date("validUntil"),
    )

    async def work(session: AsyncSession, said: Said) -> Commitment:
        return await commitments.sign(session, space.visit.actor, key, signature, said)

    said = "Votre engagement est signé."
    return await space.sent(form, work, to=space.to("engagement"), said=said, again=_signing)


async def _signing(space: Space, form: Form) -> Response:
    async with space.visit.database.read() as session:
        record = await _record(session, space, form)
        campaign = (await campaigns.current(session, space.visit.today)).campaign
    return space.page(
        "commitment_sign.html",
        record=record,
        form=form,
        campaign=campaign,
        charter=_charter(space, campaign),
    )


async def show_declining(space: Space) -> Response:
    return await _declining(space, _asked(space))


async def decline(space: Space) -> Response:
    form = await posted(space.visit)
    said = "Votre refus est enregistré. Vous pourrez signer plus tard."
    return await _moved(space, form, commitments.decline, said, _declining)


async def _declining(space: Space, form: Form) -> Response:
    async with space.visit.database.read() as session:
        record = await _record(session, space, form)
    return space.page("commitment_decline.html", record=record, form=form)


async def show_withdrawing(space: Space) -> Response:
    return await _withdrawing(space, _asked(space))


async def withdraw(space: Space) -> Response:
    form = await posted(space.visit)
    form.required("reason")
    said = "Votre engagement est retiré ; le retrait reste visible, avec sa date."
    return await _moved(space, form, commitments.withdraw, said, _withdrawing)


async def _withdrawing(space: Space, form: Form) -> Response:
    async with space.visit.database.read() as session:
        record = await _record(session, space, form)
    return space.page("commitment_withdraw.html", record=record, form=form)


async def _moved(space: Space, form: Form, move: Move, done: str, again: Shown) -> Response:
    key = _key(space, form)

    async def work(session: AsyncSession, said: Said) -> Commitment:
        return await move(session, space.visit.actor, key, said)

    return await space.sent(form, work, to=space.to("engagement"), said=done, again=again)


async def _record(session: AsyncSession, space: Space, form: Form) -> Record:
    slug = form.text("product")
    product = None if slug is None else await known(session, space, slug)
    return (await _records(session, space, [product]))[0]


async def _records(
    session: AsyncSession, space: Space, owners: Sequence[Product | None]
) -> list[Record]:
    vendor, day = space.vendor.recorded_id, space.visit.today
    ids = [product.recorded_id for product in owners if product is not None]
    found = await commitments.steps_of(session, [(vendor, None)])
    contested = await reading.contested(session, ids)
    records = []
    for product in owners:
        product_id = product.recorded_id if product else None
        steps = found.get((vendor, product_id), [])
        row = next((step for step in steps if step.effective_until is None), None)
        current = commitments.read(row, day) if row else None
        level = of_commitment(row, contested.get(product_id or 0, set())) if row else None
        moves = commitments.open_to_vendor(current)
        records.append(Record(product, current, steps, level, moves))
    return records


def _asked(space: Space) -> Form:
    return Form.of(product=Query.of(space.visit.request, ("product",), paging=()).get("product"))


def _key(space: Space, form: Form) -> Key:
    return Key(space.vendor.siren, form.text("product"))


def _charter(space: Space, campaign: Campaign) -> list[charters.Block]:
    return charters.text(space.visit.door.settings, campaign.charter_version)
