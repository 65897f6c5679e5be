"""What nested fields ask for, gathered: one statement a kind, whatever the number of rows."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from models import (
    Activation,
    Collectivite,
    Commitment,
    Demarche,
    Deployment,
    Dispute,
    DisputeTransition,
    GrantClaim,
    GrantClaimTransition,
    Integration,
    Product,
    Service,
    Vendor,
)
from registry.domain import (
    activations,
    clients,
    collectivites,
    commitments,
    deployments,
    grants,
    integrations,
    products,
    vendors,
)
from registry.domain.activations import Usage
from registry.domain.actor import Actor
from registry.domain.clients import ClientFilter, ClientsOf
from registry.domain.commitments import Holder as CommitmentHolder
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.pages import Page, Slice
from registry.domain.products import ProductOrder
from registry.domain.rollout import next_step, ranking, readiness, verdicts
from registry.domain.rollout.next_step import NextStep
from registry.domain.rollout.ranking import BlockerPage
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Basis
from registry.domain.rollout.verdicts import Verdict
from registry.domain.transitions import CommitmentRead

Read = Callable[[], AbstractAsyncContextManager[AsyncSession]]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Arguments = TypeVar("Arguments", bound=Hashable)


class ReadinessArguments(NamedTuple):
    demarche: Demarche | None
    as_of: date | None
    basis: Basis


class ProductsArguments(NamedTuple):
    page: Page
    order: ProductOrder


class ClientsArguments(NamedTuple):
    of: ClientsOf
    page: Page
    wanted: ClientFilter


class DisputesArguments(NamedTuple):
    """Who asks is an argument, as what it may see depends on it."""

    actor: Actor
    holder: Holder
    page: Page


class GrantClaimsArguments(NamedTuple):
    actor: Actor
    page: Page


class Loaders:
    """For one request, each made as it is first asked for.

    A key that is a pair carries the field's arguments.
    """

    def __init__(self, read: Read, today: date) -> None:
        self.read = read
        self.today = today

    def forget(self) -> None:
        """A write came after what was read: the next mutation of the document answers anew."""
        for made in vars(self).values():
            if isinstance(made, DataLoader):
                made.clear_all()

    @cached_property
    def vendor(self) -> DataLoader[int, Vendor]:
        return _each(self.read, vendors.by_ids)

    @cached_property
    def product(self) -> DataLoader[int, Product]:
        return _each(self.read, products.by_ids)

    @cached_property
    def collectivite(self) -> DataLoader[int, Collectivite]:
        return _each(self.read, collectivites.by_ids)

    @cached_property
    def vendor_commitment(self) -> DataLoader[int, CommitmentRead | None]:
        return _optional(self.read, _on(self.today, commitments.vendor_wide))

    @cached_property
    def product_commitment(self) -> DataLoader[int, CommitmentRead | None]:
        return _optional(self.read, _on(self.today, commitments.applying))

    @cached_property
    def commitment_steps(self) -> DataLoader[CommitmentHolder, list[Commitment]]:
        return _each(self.read, commitments.steps_of, list)

    @cached_property
    def integrations(self) -> DataLoader[int, list[Integration]]:
        return _each(self.read, _on(self.today, integrations.current_of_products), list)

    @cached_property
    def integration_history(self) -> DataLoader[int, list[Integration]]:
        return _each(self.read, integrations.history_of_products, list)

    @cached_property
    def client_count(self) -> DataLoader[int, int]:
        return _each(self.read, _on(self.today, products.client_counts), int)

    @cached_property
    def clients(self) -> DataLoader[tuple[int, ClientsArguments], Slice[Deployment]]:
        return _with_arguments(
            self.read,
            lambda session, ids, asked: clients.of_each(
                session, asked.of, ids, asked.page, asked.wanted
            ),
            Slice,
        )

    @cached_property
    def clients_count(self) -> DataLoader[tuple[int, ClientsArguments], int]:
        return _with_arguments(
            self.read,
            lambda session, ids, asked: clients.count_of_each(session, asked.of, ids, asked.wanted),
            int,
        )

    @cached_property
    def former_keys(self) -> DataLoader[int, list[tuple[str, str]]]:
        return _each(self.read, products.former_keys, list)

    @cached_property
    def blocking(self) -> DataLoader[tuple[int, Page], BlockerPage]:
        return _with_arguments(self.read, ranking.of_vendors)

    @cached_property
    def product_count(self) -> DataLoader[int, int]:
        return _each(self.read, products.count_of_vendors, int)

    @cached_property
    def products(self) -> DataLoader[tuple[int, ProductsArguments], Slice[Product]]:
        return _with_arguments(
            self.read,
            lambda session, ids, asked: products.of_vendors(session, ids, asked.page, asked.order),
            Slice,
        )

    @cached_property
    def verdict(self) -> DataLoader[tuple[int, date | None], Verdict]:
        return _with_arguments(self.read, verdicts.of_products)

    @cached_property
    def readiness(self) -> DataLoader[tuple[int, ReadinessArguments], Readiness]:
        return _with_arguments(
            self.read,
            lambda session, ids, asked: readiness.of_collectivites(
                session, ids, demarche=asked.demarche, as_of=asked.as_of, basis=asked.basis
            ),
        )

    @cached_property
    def deployments(self) -> DataLoader[tuple[int, date | None], list[Deployment]]:
        return _with_arguments(self.read, deployments.of_collectivites, list)

    @cached_property
    def activations(self) -> DataLoader[Usage, list[Activation]]:
        return _each(self.read, _on(self.today, activations.of_usages), list)

    @cached_property
    def next_step(self) -> DataLoader[tuple[int, Actor], NextStep]:
        return _with_arguments(
            self.read,
            lambda session, ids, actor: next_step.of_collectivites(session, actor, ids, self.today),
        )

    @cached_property
    def contested(self) -> DataLoader[int, set[Service | None]]:
        return _each(self.read, disputes.contested, set)

    @cached_property
    def open_disputes(self) -> DataLoader[tuple[int, Holder], int]:
        return _with_arguments(self.read, disputes.open_counts, int)

    @cached_property
    def dispute_steps(self) -> DataLoader[int, list[DisputeTransition]]:
        return _each(self.read, disputes.steps, list)

    @cached_property
    def disputes(self) -> DataLoader[tuple[int, DisputesArguments], Slice[Dispute]]:
        return _with_arguments(
            self.read, lambda session, ids, asked: disputes.seen_of(session, ids, *asked), Slice
        )

    @cached_property
    def dispute_count(self) -> DataLoader[tuple[int, tuple[Actor, Holder]], int]:
        return _with_arguments(
            self.read, lambda session, ids, asked: disputes.count_seen_of(session, ids, *asked), int
        )

    @cached_property
    def grant_claims(self) -> DataLoader[tuple[int, GrantClaimsArguments], Slice[GrantClaim]]:
        return _with_arguments(
            self.read,
            lambda session, ids, asked: grants.seen_of_collectivites(session, ids, *asked),
            Slice,
        )

    @cached_property
    def grant_claim_count(self) -> DataLoader[tuple[int, Actor], int]:
        return _with_arguments(self.read, grants.count_seen_of_collectivites, int)

    @cached_property
    def grant_claim_steps(self) -> DataLoader[int, list[GrantClaimTransition]]:
        return _each(self.read, grants.steps, list)


def _on(
    day: date,
    fetch: Callable[[AsyncSession, Sequence[Key], date], Awaitable[Mapping[Key, Value]]],
) -> Callable[[AsyncSession, Sequence[Key]], Awaitable[Mapping[Key, Value]]]:
    return lambda session, keys: fetch(session, keys, day)


def _optional(
    read: Read,
    fetch: Callable[[AsyncSession, Sequence[Key]], Awaitable[Mapping[Key, Value]]],
) -> DataLoader[Key, Value | None]:
    async def load(keys: list[Key]) -> list[Value | None]:
        async with read() as session:
            found = await fetch(session, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _each(
    read: Read,
    fetch: Callable[[AsyncSession, Sequence[Key]], Awaitable[Mapping[Key, Value]]],
    empty: Callable[[], Value] | None = None,
) -> DataLoader[Key, Value]:
    """Without ``empty`` every key must be found."""

    async def load(keys: list[Key]) -> list[Value]:
        async with read() as session:
            found = await fetch(session, keys)
        return [found[key] if key in found or empty is None else empty() for key in keys]

    return DataLoader(load)


def _with_arguments(
    read: Read,
    fetch: Callable[[AsyncSession, Sequence[int], Arguments], Awaitable[Mapping[int, Value]]],
    empty: Callable[[], Value] | None = None,
) -> DataLoader[tuple[int, Arguments], Value]:
    """One call of ``fetch`` for each distinct set of arguments (a document's aliases)."""

    async def load(keys: list[tuple[int, Arguments]]) -> list[Value]:
        asked: dict[Arguments, list[int]] = {}
        for identifier, arguments in keys:
            asked.setdefault(arguments, []).append(identifier)
        found: dict[tuple[int, Arguments], Value] = {}
        async with read() as session:
            for arguments, ids in asked.items():
                values = await fetch(session, ids, arguments)
                found |= {(identifier, arguments): value for identifier, value in values.items()}
        return [found[key] if key in found or empty is None else empty() for key in keys]

    return DataLoader(load)
