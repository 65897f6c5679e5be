"""Where collectivités stand: what they use, what is under way on it, and who sells it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import (
    Activation,
    ActivationState,
    CommitmentState,
    Demarche,
    Integration,
    IntegrationState,
    Product,
    Vendor,
)
from registry.domain import activations, commitments, integrations, products, vendors
from registry.domain.activations import Usage
from registry.domain.actor import Actor
from registry.domain.disputes import reading as disputes
from registry.domain.rollout.readiness import ORDER, Readiness, with_readiness
from registry.domain.rollout.scope import Bound, bind_bodies
from registry.domain.rollout.verdicts import STORED, VERDICTS
from registry.domain.transitions import PROGRESS, CommitmentRead


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about a product. ``address`` is a functional mailbox or a URL; none: unknown.
    ``in_house``: the vendor is the collectivité itself.
    """

    product_id: int
    product_name: str
    vendor_id: int
    vendor_name: str
    address: str | None
    in_house: bool


class Use(NamedTuple):
    """A concerned deployment in force. ``declared``: its vendor ever spoke of the product.
    ``under_way``: the furthest that an accepted service went on it. ``dismissal``: why the
    ministry dismissed what the collectivité contested of its integration, where who asks may know.
    """

    product_id: int
    demarche: Demarche
    readiness: Readiness
    declared: bool
    in_house: bool
    under_way: ActivationState = ActivationState.NONE
    dismissal: str | None = None


@dataclass(slots=True)
class Situation:
    readiness: Readiness
    no_online_demarche_since: date | None
    closed_on: date | None
    uses: list[Use] = field(default_factory=list)

    @property
    def remaining(self) -> list[Use]:
        """The uses whose démarche is connected by no product."""
        done = {use.demarche for use in self.uses if use.readiness is Readiness.CONNECTED}
        return [use for use in self.uses if use.demarche not in done]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known of the products that the situations name."""

    products: Mapping[int, Product]
    vendors: Mapping[int, Vendor]
    integrations: Mapping[int, list[Integration]]
    commitments: Mapping[int, CommitmentRead]
    accepted: Sequence[str]

    def contacts(self, uses: Iterable[Use]) -> tuple[Contact, ...]:
        """The product that covers most démarches first, then by key."""
        served: dict[int, list[Use]] = {}
        for use in uses:
            served.setdefault(use.product_id, []).append(use)
        ranked = sorted(served, key=lambda product: (-_width(served[product]), self.key(product)))
        return tuple(self._contact(served[product][0]) for product in ranked)

    def _contact(self, use: Use) -> Contact:
        product = self.products[use.product_id]
        vendor = self.vendors[product.vendor_id]
        return Contact(
            use.product_id,
            product.name,
            product.vendor_id,
            vendor.name,
            vendor.contact,
            use.in_house,
        )

    def key(self, product_id: int) -> tuple[str, str]:
        product = self.products[product_id]
        return self.vendors[product.vendor_id].siren, product.slug

    def min_version(self, product_id: int) -> str | None:
        qualified = (
            row.min_version
            for row in self.integrations.get(product_id, [])
            if row.state is IntegrationState.QUALIFIED and row.service in self.accepted
        )
        return next((version for version in qualified if version), None)

    def exclusions(self, product_id: int) -> str | None:
        read = self.commitments.get(product_id)
        signed = (CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED)
        return read.row.exclusions if read and read.state in signed else None


async def of_collectivites(
    session: AsyncSession, actor: Actor, ids: Sequence[int], day: date
) -> tuple[dict[int, Situation], Catalogue]:
    bound = await bind_bodies(session, list(ids), as_of=day)
    situations = await _situations(session, bound)
    used = {use.product_id for situation in situations.values() for use in situation.uses}
    catalogue = await _catalogue(session, sorted(used), bound.values["accepted"], day)
    usages = [
        (body, use.product_id, use.demarche)
        for body, situation in situations.items()
        for use in situation.uses
    ]
    begun = await activations.of_usages(session, usages, day)
    dismissed = await disputes.dismissals(session, actor, situations, catalogue.accepted, day)
    for body, situation in situations.items():
        situation.uses = [
            _followed(body, use, begun, catalogue)._replace(
                dismissal=dismissed.get((body, use.product_id))
            )
            for use in situation.uses
        ]
    return situations, catalogue


async def _situations(session: AsyncSession, bound: Bound) -> dict[int, Situation]:
    """Without what is under way."""
    query = sa.text(f"""
        {with_readiness(bound, STORED if bound.stored else VERDICTS)}
        SELECT state.id, state.rank, state.no_online_demarche_since, closed_on,
               usage.product_id, demarche, usage.rank AS use_rank,
               usage.declared_on IS NOT NULL AS declared,
               coalesce(vendor.siren = state.siren, false) AS in_house
        FROM state
        JOIN collectivite ON collectivite.id = state.id
        LEFT JOIN usage ON usage.collectivite_id = state.id
        LEFT JOIN vendor ON vendor.id = usage.vendor_id
    """)
    found: dict[int, Situation] = {}
    for row in await session.execute(query, bound.values):
        situation = found.setdefault(
            row.id, Situation(ORDER[row.rank], row.no_online_demarche_since, row.closed_on)
        )
        if row.product_id is not None:
            demarche, readiness = Demarche(row.demarche), ORDER[row.use_rank]
            use = Use(row.product_id, demarche, readiness, row.declared, row.in_house)
            situation.uses.append(use)
    return found


async def _catalogue(
    session: AsyncSession, ids: Sequence[int], accepted: Sequence[str], day: date
) -> Catalogue:
    known = await products.by_ids(session, ids)
    owners = sorted({product.vendor_id for product in known.values()})
    return Catalogue(
        known,
        await vendors.by_ids(session, owners),
        await integrations.current_of_products(session, ids, day),
        await commitments.applying(session, ids, day),
        accepted,
    )


def _followed(
    body: int, use: Use, begun: Mapping[Usage, list[Activation]], catalogue: Catalogue
) -> Use:
    states = [
        row.state
        for row in begun.get((body, use.product_id, use.demarche), [])
        if row.service in catalogue.accepted
    ]
    return use._replace(under_way=max(states, key=PROGRESS.__getitem__, default=use.under_way))


def _width(uses: Iterable[Use]) -> int:
    return len({use.demarche for use in uses})
