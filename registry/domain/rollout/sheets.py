"""Everything the registry answers about products, whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from models import Integration, IntegrationState, Product, Service, Vendor
from registry.domain import campaigns, commitments, integrations, products, vendors
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.levels import ShownLevel, of_commitment, of_integration
from registry.domain.rollout import verdicts
from registry.domain.rollout.verdicts import Verdict
from registry.domain.transitions import CommitmentRead

FURTHEST = (
    IntegrationState.QUALIFIED,
    IntegrationState.SUSPENDED,
    IntegrationState.QUALIFICATION_REQUESTED,
    IntegrationState.SANDBOX,
    IntegrationState.PLANNED,
    IntegrationState.WITHDRAWN,
    IntegrationState.NONE,
)
WEAKEST = (
    ShownLevel.CONTESTED,
    ShownLevel.SELF_DECLARED,
    ShownLevel.EVIDENCED,
    ShownLevel.VERIFIED,
)
PRICED = (Verdict.READY, Verdict.SURCHARGE, Verdict.COST_UNKNOWN)
"""The verdicts that the commitment decides."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A product as it stands. ``accepted``: the services that count; ``commitment``: the one that
    applies; ``declared``: its vendor said something of an integration, whatever it was.
    """

    product: Product
    vendor: Vendor
    verdict: Verdict
    declared: bool
    accepted: tuple[Service, ...]
    integrations: tuple[Integration, ...]
    commitment: CommitmentRead | None
    contested: frozenset[Service | None]

    @property
    def key(self) -> str:
        return f"{self.vendor.siren}/{self.product.slug}"

    @property
    def silent(self) -> bool:
        """Nothing is integrated as far as anyone knows, and the vendor never said so."""
        return self.verdict is Verdict.NOT_INTEGRATED and not self.declared

    @property
    def ground(self) -> Integration | None:
        """The integration that the verdict stands on: the furthest with an accepted service."""
        rows = [row for row in self.integrations if row.service in self.accepted]
        return min(rows, key=self._distance, default=None)

    @property
    def level(self) -> ShownLevel | None:
        """How well founded the verdict is: contested as soon as a part of it is."""
        if self.ground is None or self.verdict is Verdict.NOT_CONCERNED:
            return None
        if self.verdict in PRICED and None in self.contested:
            return ShownLevel.CONTESTED
        return self.level_of(self.ground)

    @property
    def since(self) -> date | None:
        """The last day on which something that the verdict stands on was said, or ended."""
        days = [] if self.ground is None else [self.ground.effective_on]
        return max(self._days(days), default=None)

    @property
    def oldest(self) -> date | None:
        """Of what the verdict stands on, the day on which the oldest was last said."""
        days = [] if self.ground is None else [self.ground.said_on]
        return min(self._days(days), default=None)

    @property
    def commitment_since(self) -> date | None:
        return None if self.commitment is None else self.commitment.since

    @property
    def commitment_level(self) -> ShownLevel | None:
        if self.commitment is None:
            return None
        return of_commitment(self.commitment.row, self.contested)

    @property
    def last_word(self) -> Integration | CommitmentRead | None:
        """What was said last of it, of all that holds now."""
        said: list[tuple[date, Integration | CommitmentRead]] = [
            (row.effective_on, row) for row in self.integrations
        ]
        if self.commitment is not None:
            said.append((self.commitment.since, self.commitment))
        return max(said, key=lambda one: one[0])[1] if said else None

    def level_of(self, row: Integration) -> ShownLevel:
        return of_integration(row, self.contested)

    def _distance(self, row: Integration) -> tuple[int, int, int]:
        level = self.level_of(row)
        return FURTHEST.index(row.state), -WEAKEST.index(level), -row.effective_on.toordinal()

    def _days(self, of_ground: Sequence[date]) -> Sequence[date]:
        if not of_ground or self.verdict is Verdict.NOT_CONCERNED:
            return []
        if self.verdict in PRICED and self.commitment_since is not None:
            return [*of_ground, self.commitment_since]
        return of_ground


async def of_products(session: AsyncSession, rows: Sequence[Product], day: date) -> list[Sheet]:
    """In the order of ``rows``."""
    if not rows:
        return []
    ids = [row.recorded_id for row in rows]
    owners = await vendors.by_ids(session, [row.vendor_id for row in rows])
    judged = await verdicts.of_products(session, ids, day)
    declared = await integrations.declared(session, ids, day)
    accepted = await campaigns.accepted_services(session)
    current = await integrations.current_of_products(session, ids, day)
    applying = await commitments.applying(session, ids, day)
    contested = await disputes.contested(session, ids)
    return [
        Sheet(
            product=row,
            vendor=owners[row.vendor_id],
            verdict=judged[row.recorded_id],
            declared=row.recorded_id in declared,
            accepted=accepted,
            integrations=tuple(current.get(row.recorded_id, ())),
            commitment=applying.get(row.recorded_id),
            contested=frozenset(contested.get(row.recorded_id, ())),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Counts:
    """``clients``: distinct collectivités with a deployment in force."""

    clients: int
    open_disputes: int


async def counts(session: AsyncSession, ids: Sequence[int], day: date) -> dict[int, Counts]:
    """Of each product. They cost more than all that a sheet says: for the lists that show them."""
    clients = await products.client_counts(session, ids, day)
    opened = await disputes.open_counts(session, ids, Holder.PRODUCT)
    return {key: Counts(clients.get(key, 0), opened.get(key, 0)) for key in ids}
