"""What nested fields ask for, gathered: one statement a kind, whatever the number of rows."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields
from datetime import date
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
from registry.domain.commitments import CommitmentRead
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


@dataclass(frozen=True, slots=True)
class Loaders:
    """Made anew for each request. A key that is a pair carries the field's arguments."""

    vendor: DataLoader[int, Vendor]
    product: DataLoader[int, Product]
    collectivite: DataLoader[int, Collectivite]
    vendor_commitment: DataLoader[int, CommitmentRead | None]
    product_commitment: DataLoader[int, CommitmentRead | None]
    commitment_steps: DataLoader[CommitmentHolder, list[Commitment]]
    integrations: DataLoader[int, list[Integration]]
    integration_history: DataLoader[int, list[Integration]]
    client_count: DataLoader[int, int]
    clients: DataLoader[tuple[int, ClientsArguments], Slice[Deployment]]
    clients_count: DataLoader[tuple[int, ClientsArguments], int]
    former_keys: DataLoader[int, list[tuple[str, str]]]
    blocking: DataLoader[tuple[int, Page], BlockerPage]
    product_count: DataLoader[int, int]
    products: DataLoader[tuple[int, ProductsArguments], Slice[Product]]
    verdict: DataLoader[tuple[int, date | None], Verdict]
    readiness: DataLoader[tuple[int, ReadinessArguments], Readiness]
    deployments: DataLoader[tuple[int, date | None], list[Deployment]]
    activations: DataLoader[Usage, list[Activation]]
    next_step: DataLoader[int, NextStep]
    contested: DataLoader[int, set[Service | None]]
    open_disputes: DataLoader[tuple[int, Holder], int]
    dispute_steps: DataLoader[int, list[DisputeTransition]]
    disputes: DataLoader[tuple[int, DisputesArguments], Slice[Dispute]]
    dispute_count: DataLoader[tuple[int, tuple[Actor, Holder]], int]
    grant_claims: DataLoader[tuple[int, GrantClaimsArguments], Slice[GrantClaim]]
    grant_claim_count: DataLoader[tuple[int, Actor], int]
    grant_claim_steps: DataLoader[int, list[GrantClaimTransition]]

    def forget(self) -> None:
        """A write came after what was read: the next mutation of the document answers anew."""
        for loader in fields(self):
            getattr(self, loader.name).clear_all()


def make(read: Read, today: date) -> Loaders:
    return Loaders(
        vendor=_each(read, vendors.by_ids),
        product=_each(read, products.by_ids),
        collectivite=_each(read, collectivites.by_ids),
        vendor_commitment=_optional(read, _on(today, commitments.vendor_wide)),
        product_commitment=_optional(read, _on(today, commitments.applying)),
        commitment_steps=_each(read, commitments.steps_of, list),
        integrations=_each(read, _on(today, integrations.current_of_products), list),
        integration_history=_each(read, integrations.history_of_products, list),
        client_count=_each(read, _on(today, products.client_counts), int),
        clients=_with_arguments(
            read,
            lambda session, ids, asked: clients.of_each(
                session, asked.of, ids, asked.page, asked.wanted
            ),
            Slice,
        ),
        clients_count=_with_arguments(
            read,
            lambda session, ids, asked: clients.count_of_each(session, asked.of, ids, asked.wanted),
            int,
        ),
        former_keys=_each(read, products.former_keys, list),
        blocking=_with_arguments(read, ranking.of_vendors),
        product_count=_each(read, products.count_of_vendors, int),
        products=_with_arguments(
            read,
            lambda session, ids, asked: products.of_vendors(session, ids, asked.page, asked.order),
            Slice,
        ),
        verdict=_with_arguments(read, verdicts.of_products),
        readiness=_with_arguments(
            read,
            lambda session, ids, asked: readiness.of_collectivites(
                session, ids, demarche=asked.demarche, as_of=asked.as_of, basis=asked.basis
            ),
        ),
        deployments=_with_arguments(read, deployments.of_collectivites, list),
        activations=_each(read, _on(today, activations.of_usages), list),
        next_step=_each(read, _on(today, next_step.of_collectivites)),
        contested=_each(read, disputes.contested, set),
        open_disputes=_with_arguments(read, disputes.open_counts, int),
        dispute_steps=_each(read, disputes.steps, list),
        disputes=_with_arguments(
            read, lambda session, ids, asked: disputes.seen_of(session, ids, *asked), Slice
        ),
        dispute_count=_with_arguments(
            read, lambda session, ids, asked: disputes.count_seen_of(session, ids, *asked), int
        ),
        grant_claims=_with_arguments(
            read,
            lambda session, ids, asked: grants.seen_of_collectivites(session, ids, *asked),
            Slice,
        ),
        grant_claim_count=_with_arguments(read, grants.count_seen_of_collectivites, int),
        grant_claim_steps=_each(read, grants.steps, list),
    )


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
