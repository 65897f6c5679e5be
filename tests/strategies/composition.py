"""Whole registries, and scopes to ask of them.

Hypothesis favours what stands first: sizes, dates and states begin with one that tells something.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from hypothesis import strategies as st

from tests.oracle import (
    STRATA,
    ActivationRow,
    Body,
    CommitmentRow,
    DeploymentRow,
    IntegrationRow,
    Product,
    Scope,
    World,
)
from tests.strategies.geography import bodies, siren
from tests.strategies.histories import (
    ACTIVATION_ARROWS,
    COMMITMENT_ARROWS,
    DATES,
    INTEGRATION_ARROWS,
    SOONER,
    activation_arrows,
    commitment_arrows,
    integration_arrows,
    walk,
)

V = TypeVar("V")
T = TypeVar("T", IntegrationRow, CommitmentRow, ActivationRow)

DEMARCHES = ("PERISCOLAIRE", "URBANISME", "ETAT_CIVIL")
SLUGS = ("agora", "agora-2", "agora2", "zenith")  # Bytes sort them otherwise than a dictionary.
FEEDS = {
    "API_PARTICULIER": ("QUOTIENT_FAMILIAL", "STATUT_ETUDIANT"),
    "API_IMPOT_PARTICULIER": ("AVIS_IMPOSITION",),
}
SERVICES = ("FRANCECONNECT_V1", "FRANCECONNECT_V2", "FRANCECONNECT_PLUS", *FEEDS)
MENUS: tuple[tuple[str, ...], ...] = (
    ("FRANCECONNECT_V2",),
    ("FRANCECONNECT_V2", "API_PARTICULIER"),
    ("FRANCECONNECT_V1", "FRANCECONNECT_V2"),
    ("FRANCECONNECT_V1", "API_IMPOT_PARTICULIER"),
    ("FRANCECONNECT_PLUS",),
    ("API_PARTICULIER",),
    (),
    SERVICES,
)
ACCEPTED = (
    frozenset({"FRANCECONNECT_V1", "FRANCECONNECT_V2"}),
    frozenset({"FRANCECONNECT_V2"}),
    frozenset({"FRANCECONNECT_V1", "FRANCECONNECT_V2", "FRANCECONNECT_PLUS"}),
)
DECLARED_AND_CONFIRMED = (
    ("VENDOR", None),
    ("VENDOR", "COLLECTIVITE"),
    ("VENDOR", "MINISTRY"),
    ("COLLECTIVITE", None),
    ("COLLECTIVITE", "VENDOR"),
    ("COLLECTIVITE", "MINISTRY"),
    ("MINISTRY", None),
)


class Use(NamedTuple):
    body: Body
    product: Product
    demarche: str


def some_of(values: Sequence[V], size: int) -> st.SearchStrategy[list[V]]:
    return st.lists(st.sampled_from(values), min_size=size, max_size=size, unique=True)


@st.composite
def vendors(draw: st.DrawFn, towns: Sequence[Body]) -> tuple[str, ...]:
    """One to four; at times the first is a collectivité itself, whose software is in-house."""
    found = [siren(90_000_000 + i) for i in range(draw(st.sampled_from((2, 1, 3, 4))))]
    own = [body.siren for body in towns if body.siren]
    if own and draw(st.sampled_from((False, False, True))):
        found[0] = draw(st.sampled_from(own))
    return tuple(found)


@st.composite
def products(draw: st.DrawFn, sirens: Sequence[str]) -> tuple[Product, ...]:
    keys = [(vendor, slug) for slug in SLUGS for vendor in sirens]
    size = min(draw(st.sampled_from((2, 1, 3, 4, 5))), len(keys))
    return tuple(
        Product(
            vendor=vendor,
            slug=slug,
            citizen_login=draw(st.sampled_from((True, True, True, True, False))),
            demarches=draw(st.frozensets(st.sampled_from(DEMARCHES), min_size=1)),
        )
        for vendor, slug in draw(some_of(keys, size))
    )


@st.composite
def integrations(draw: st.DrawFn, product: Product) -> list[IntegrationRow]:
    starts = ("QUALIFIED",) * 12 + tuple(INTEGRATION_ARROWS)
    return [
        IntegrationRow(
            vendor=product.vendor,
            product=product.slug,
            service=service,
            effective_on=day,
            state=state,
            feeds=frozenset(draw(st.sets(st.sampled_from(FEEDS[service]))))
            if service in FEEDS
            else frozenset(),
            target_date=(term or day) if state == "PLANNED" else None,
            evidence_level=draw(st.sampled_from(("SELF_DECLARED", "EVIDENCED", "VERIFIED"))),
            declared_by=draw(st.sampled_from(("VENDOR", "MINISTRY", "DATAPASS"))),
        )
        for service in draw(st.sampled_from(MENUS[:4] + MENUS))
        for day, state, term in walk(draw, starts, integration_arrows)
    ]


@st.composite
def commitments(draw: st.DrawFn, vendor: str, slug: str | None) -> list[CommitmentRow]:
    """A return from `BREACHED` is the ministry's, who accepts it."""
    if draw(st.booleans()):
        return []
    starts = ("SIGNED", "DECLINED", "DECLINED", "BREACHED", *COMMITMENT_ARROWS)
    steps = walk(draw, starts, commitment_arrows)
    before = [None, *(state for _, state, _ in steps)]
    declarant = st.sampled_from(("VENDOR", "MINISTRY"))
    return [
        CommitmentRow(
            vendor=vendor,
            product=slug,
            effective_on=day,
            state=state,
            valid_until=valid_until,
            declared_by="MINISTRY" if previous == "BREACHED" else draw(declarant),
        )
        for previous, (day, state, valid_until) in zip(before, steps, strict=False)
    ]


@st.composite
def uses(draw: st.DrawFn, towns: Sequence[Body], offer: Sequence[Product]) -> list[Use]:
    """Up to three a collectivité, and of its own software one or two more at times."""
    found = []
    for body in towns:
        possible = [Use(body, p, d) for p in offer for d in sorted(p.demarches)]
        in_house = [use for use in possible if use.product.vendor == body.siren]
        size = min(draw(st.sampled_from((1, 2, 0, 3))), len(possible))
        found += draw(some_of(possible, size))
        if in_house:
            found += draw(st.lists(st.sampled_from(in_house), max_size=2, unique=True))
    return list(dict.fromkeys(found))


@st.composite
def deployments(draw: st.DrawFn, use: Use) -> list[DeploymentRow]:
    """Periods that touch or leave gaps, and never overlap; the last may be open."""
    cuts = sorted(draw(st.sets(st.sampled_from(SOONER), min_size=1, max_size=4)))
    periods = list(zip(cuts, [*cuts[1:], None], strict=True))
    gaps = draw(st.sets(st.sampled_from(periods), max_size=len(periods) - 1))
    rows = []
    for since, until in periods:
        if (since, until) in gaps:
            continue
        declared_by, confirmed_by = draw(st.sampled_from(DECLARED_AND_CONFIRMED))
        rows.append(
            DeploymentRow(
                collectivite=use.body.code,
                vendor=use.product.vendor,
                product=use.product.slug,
                demarche=use.demarche,
                since=since,
                until=until,
                declared_by=declared_by,
                confirmed_by=confirmed_by,
            )
        )
    return rows


@st.composite
def activations(
    draw: st.DrawFn, use: Use, integrated: Sequence[IntegrationRow], accepted: frozenset[str]
) -> list[ActivationRow]:
    starts = ("IN_PRODUCTION",) * 6 + tuple(ACTIVATION_ARROWS)
    rows = []
    for service in draw(st.sampled_from(((), *MENUS, ()))):
        history = [
            row
            for row in integrated
            if (row.vendor, row.product, row.service) == (*use.product.key, service)
        ]
        arrows = activation_arrows(days_qualified(history) if service in accepted else set())
        rows += [
            ActivationRow(
                collectivite=use.body.code,
                vendor=use.product.vendor,
                product=use.product.slug,
                demarche=use.demarche,
                service=service,
                effective_on=day,
                state=state,
                declared_by=draw(st.sampled_from(("COLLECTIVITE", "VENDOR", "MINISTRY"))),
            )
            for day, state, _ in walk(draw, starts, arrows)
        ]
    return rows


def days_qualified(history: Sequence[IntegrationRow]) -> set[date]:
    found = set()
    for day in DATES:
        states = [row.state for row in history if row.effective_on <= day]
        if states and states[-1] == "QUALIFIED":
            found.add(day)
    return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    towns = draw(bodies())
    sirens = draw(vendors(towns))
    offer = draw(products(sirens))
    accepted = draw(st.sampled_from(ACCEPTED))
    integrated = [row for product in offer for row in draw(integrations(product))]
    promised = [row for vendor in sirens for row in draw(commitments(vendor, None))]
    promised += [row for p in offer for row in draw(commitments(p.vendor, p.slug))]
    used = draw(uses(towns, offer))
    active = [row for use in used for row in draw(activations(use, integrated, accepted))]
    return World(
        bodies=towns,
        vendors=sirens,
        products=offer,
        integrations=draw(any_order(integrated)),
        commitments=draw(any_order(promised)),
        deployments=tuple(row for use in used for row in draw(deployments(use))),
        activations=draw(any_order(active)),
        accepted_services=accepted,
    )


@st.composite
def any_order(draw: st.DrawFn, rows: Sequence[T]) -> tuple[T, ...]:
    """As drawn, or the newest first; either way rows of one day keep their order."""
    if draw(st.booleans()):
        return tuple(sorted(rows, key=lambda row: row.effective_on, reverse=True))
    return tuple(rows)


def at_dates() -> st.SearchStrategy[date]:
    """A day of the histories, its eve, its morrow, or a day to come."""
    around = [day + timedelta(days=n) for day in DATES for n in (-1, 1)]
    return st.sampled_from([*reversed(DATES), date(2031, 1, 1), *DATES[4:], *around])


@st.composite
def scopes(draw: st.DrawFn, world: World) -> Scope:
    def some(values: set[str]) -> str | None:
        narrows = bool(values) and draw(st.integers(0, 3)) == 3
        return draw(st.sampled_from(sorted(values))) if narrows else None

    return Scope(
        strata=draw(
            st.none() | st.lists(st.sampled_from(STRATA), max_size=4, unique=True).map(tuple)
        ),
        departement=some({d for body in world.bodies for d in body.departements}),
        region=some({r for body in world.bodies for r in body.regions}),
        epci=some({body.code for body in world.bodies if body.kind == "EPCI"}),
        demarche=some(set(DEMARCHES)),
        basis=draw(st.sampled_from(("DECLARED", "CONFIRMED"))),
        as_of=draw(at_dates()),
    )
