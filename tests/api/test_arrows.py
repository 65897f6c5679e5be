"""Random walks through both state machines of a vendor's word, by the API.

What each request must meet is told by the arrows of domain.md §4, written anew here; after each
one the verdict and the readiness are those of the oracle.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Commitment, CommitmentState, Demarche, Source
from registry.database import Database
from registry.domain import histories
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.embedded import Addresses
from tests.api.conftest import MINISTRY, Ask, Token
from tests.api.test_commitments import SIGNATURE
from tests.conftest import reset
from tests.domain.test_oracle import small
from tests.effort import examples
from tests.factories import add, commune, deployment, product, siren, vendor
from tests.oracle import (
    CommitmentRow,
    DeploymentRow,
    IntegrationRow,
    World,
    readiness,
    verdict,
)

ALPHA, SLUG, TOWN = siren(99990000), "app", "01001"
KEY = (ALPHA, SLUG)
START = date(2020, 1, 1)
PATH = ("NONE", "PLANNED", "SANDBOX", "QUALIFICATION_REQUESTED", "QUALIFIED")
STATES = (*PATH, "SUSPENDED", "WITHDRAWN")
SERVICES = ("FRANCECONNECT_V1", "FRANCECONNECT_V2", "API_PARTICULIER")
ALSO = {
    ("QUALIFICATION_REQUESTED", "SANDBOX"),
    ("QUALIFIED", "SUSPENDED"),
    ("SUSPENDED", "QUALIFIED"),
    ("WITHDRAWN", "PLANNED"),
}

VENDOR_MOVES = {
    "SignCommitment": ("SIGNED", {"NONE", "INVITED", "DECLINED", "WITHDRAWN", "EXPIRED"}),
    "DeclineCommitment": ("DECLINED", {"NONE", "INVITED"}),
    "WithdrawCommitment": ("WITHDRAWN", {"SIGNED"}),
}
MINISTRY_MOVES = {
    "InviteCommitment": ("INVITED", {"NONE"}),
    "AcceptCommitment": ("SIGNED", {"BREACHED"}),
}
CONSEQUENCES = {
    "EXPIRED": {"SIGNED"},
    "BREACH_ALLEGED": {"SIGNED"},
    "BREACHED": {"BREACH_ALLEGED"},
    "SIGNED": {"BREACH_ALLEGED"},
}
"""What time and disputes bring about; no mutation of this file's."""


def follows(state: str, wanted: str) -> bool:
    """Steps may be skipped forward; anything may be withdrawn."""
    if wanted == "WITHDRAWN":
        return state != "WITHDRAWN"
    forward = state in PATH and wanted in PATH and PATH.index(state) < PATH.index(wanted)
    return forward or (state, wanted) in ALSO


class Step(NamedTuple):
    service: str
    state: str
    day: date
    target: date | None
    evidence: str | None


class Review(NamedTuple):
    service: str
    decision: str


class Suspension(NamedTuple):
    service: str
    day: date


class Move(NamedTuple):
    operation: str
    product: str | None
    day: date
    end: date | None


class Consequence(NamedTuple):
    """One of those that are possible."""

    choice: int
    product: str | None


EARLY = (START, date(2022, 3, 7), date(2024, 2, 29), *(today() - timedelta(n) for n in (9, 2, 1)))
DAYS = st.sampled_from([*EARLY, *[today()] * 12, today() + timedelta(days=1)])
TARGETS = st.sampled_from([None, date(2022, 12, 31), today() + timedelta(days=30)])
ENDS = st.sampled_from([*[None] * 3, *(today() + timedelta(days=n) for n in (-8, -1, 0, 1, 40))])
OF = st.sampled_from([None, None, SLUG])
PROOFS = st.sampled_from([None, "https://alpha.example/preuve"])
SERVICE = st.sampled_from([*SERVICES, *["FRANCECONNECT_V2"] * 3])
DECLARED = st.one_of(
    st.builds(Step, SERVICE, st.sampled_from(STATES), DAYS, TARGETS, PROOFS),
    st.builds(Step, SERVICE, st.sampled_from(STATES), DAYS, TARGETS, PROOFS),
    st.builds(Review, SERVICE, st.sampled_from(["VERIFY", "SEND_BACK"])),
    st.builds(Suspension, SERVICE, DAYS),
)
OPERATIONS = (*VENDOR_MOVES, *MINISTRY_MOVES, "SignCommitment", "SignCommitment")
MOVES = st.builds(Move, st.sampled_from(OPERATIONS), OF, DAYS, ENDS)
COMMITTED = st.one_of(MOVES, MOVES, st.builds(Consequence, st.integers(0, 5), OF))
QUALIFIED = Step("FRANCECONNECT_V2", "QUALIFIED", START, None, None)


@dataclass
class Registry:
    """The registry by its doors, and beside it the rows that it must hold."""

    write: Ask
    ask: Ask
    database: Database
    vendor: str
    ministry: str
    integrations: list[IntegrationRow] = field(default_factory=list)
    commitments: list[CommitmentRow] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def step_of(self, service: str) -> IntegrationRow | None:
        rows = [row for row in self.integrations if row.service == service]
        return rows[-1] if rows else None

    def commitment_of(self, slug: str | None) -> CommitmentRow | None:
        rows = [row for row in self.commitments if row.product == slug]
        return rows[-1] if rows else None

    @property
    def world(self) -> World:
        return World(
            bodies=(small.town(TOWN),),
            vendors=(ALPHA,),
            products=(small.product(SLUG, ALPHA),),
            integrations=tuple(self.integrations),
            commitments=tuple(self.commitments),
            deployments=(DeploymentRow(TOWN, ALPHA, SLUG, "URBANISME", START),),
        )


def is_dated(last: IntegrationRow | CommitmentRow | None, day: date) -> bool:
    return day <= today() and (last is None or last.effective_on <= day)


async def try_step(registry: Registry, asked: Step) -> None:
    last = registry.step_of(asked.service)
    state = last.state if last else "NONE"
    made = await registry.write(
        "RecordIntegration",
        registry.vendor,
        vendorSiren=ALPHA,
        product=SLUG,
        service=asked.service,
        state=asked.state,
        effectiveOn=str(asked.day),
        targetDate=asked.target and str(asked.target),
        evidenceUrl=asked.evidence,
    )
    promised = asked.target is not None and asked.target >= asked.day
    if not is_dated(last, asked.day) or (asked.state == "PLANNED" and not promised):
        assert made["__typename"] == "Invalid", made
    elif not follows(state, asked.state):
        assert (made["__typename"], made["currentState"]) == ("NotInThisState", state)
        assert made["allowed"] == sorted(word for word in STATES if follows(state, word))
    else:
        level = "EVIDENCED" if asked.evidence else "SELF_DECLARED"
        assert (made["state"], made["evidenceLevel"]) == (asked.state, level)
        row = IntegrationRow(*KEY, asked.service, asked.day, asked.state, evidence_level=level)
        keep(registry, row, made)


def keep(registry: Registry, row: IntegrationRow, made: Any) -> None:
    registry.integrations.append(row)
    registry.ids[row.service] = made["id"]


async def try_review(registry: Registry, asked: Review) -> None:
    last = registry.step_of(asked.service)
    made = await registry.write(
        "ReviewIntegration",
        registry.ministry,
        vendorSiren=ALPHA,
        product=SLUG,
        service=asked.service,
        step=registry.ids.get(asked.service, "x") if last else "SW50ZWdyYXRpb246MQ==",
        decision=asked.decision,
        reason="Motif",
    )
    if last is None:
        assert made["__typename"] == "NotFound"
    elif last.declared_by == "MINISTRY":
        assert made["__typename"] == "NotAllowed"
    elif asked.decision == "SEND_BACK" and last.state == "QUALIFICATION_REQUESTED":
        assert (made["state"], made["declaredBy"]) == ("SANDBOX", "MINISTRY")
        row = IntegrationRow(*KEY, asked.service, today(), "SANDBOX", declared_by="MINISTRY")
        keep(registry, row, made)
    elif asked.decision == "VERIFY" and last.evidence_level == "VERIFIED":
        assert made["__typename"] == "Conflict"
    else:
        level = "VERIFIED" if asked.decision == "VERIFY" else "SELF_DECLARED"
        assert (made["state"], made["evidenceLevel"]) == (last.state, level)
        registry.integrations[registry.integrations.index(last)] = replace(
            last, evidence_level=level
        )


async def try_suspension(registry: Registry, asked: Suspension) -> None:
    last = registry.step_of(asked.service)
    made = await registry.write(
        "SuspendIntegration",
        registry.ministry,
        vendorSiren=ALPHA,
        product=SLUG,
        service=asked.service,
        reason="Motif",
        effectiveOn=str(asked.day),
    )
    if last is None:
        assert made["__typename"] == "NotFound"
    elif last.state != "QUALIFIED":
        assert (made["__typename"], made["currentState"]) == ("NotInThisState", last.state)
    elif not is_dated(last, asked.day):
        assert made["__typename"] == "Invalid"
    else:
        assert made["state"] == "SUSPENDED"
        row = IntegrationRow(*KEY, asked.service, asked.day, "SUSPENDED", declared_by="MINISTRY")
        keep(registry, row, made)


def states_on(last: CommitmentRow | None, day: date) -> set[str]:
    """The recorded state, and the one that is read on that day."""
    if last is None:
        return {"NONE"}
    held = last.state in {"SIGNED", "BREACH_ALLEGED"}
    past = held and last.valid_until is not None and day > last.valid_until
    return {last.state, "EXPIRED"} if past else {last.state}


async def try_move(registry: Registry, asked: Move) -> None:
    last = registry.commitment_of(asked.product)
    signs = asked.operation == "SignCommitment"
    by = registry.vendor if asked.operation in VENDOR_MOVES else registry.ministry
    made = await registry.write(
        asked.operation,
        by,
        vendorSiren=ALPHA,
        product=asked.product,
        effectiveOn=str(asked.day),
        reason="Motif",
        **(SIGNATURE | {"validUntil": asked.end and str(asked.end)} if signs else {}),
    )
    wanted, starts = (VENDOR_MOVES | MINISTRY_MOVES)[asked.operation]
    if not is_dated(last, asked.day) or (signs and asked.end and asked.end <= asked.day):
        assert made["__typename"] == "Invalid", made
    elif not states_on(last, asked.day) & starts:
        assert made["__typename"] == "NotInThisState", made
        assert made["currentState"] in states_on(last, asked.day)
    else:
        assert made["__typename"] == "Commitment", made
        end = asked.end if signs else None
        if asked.operation == "AcceptCommitment":
            given = [c for c in registry.commitments if c.product == asked.product]
            end = [c for c in given if c.state == "SIGNED"][-1].valid_until
        row = CommitmentRow(ALPHA, asked.product, asked.day, wanted, end)
        registry.commitments.append(row)


async def bring_about(registry: Registry, asked: Consequence) -> None:
    last = registry.commitment_of(asked.product)
    possible = [s for s, starts in CONSEQUENCES.items() if last and last.state in starts]
    if last is None or not possible:
        return
    state = possible[asked.choice % len(possible)]
    end = None if state == "EXPIRED" else last.valid_until
    async with registry.database.transaction(ADMINISTRATOR) as session:
        recorded = await session.scalar(
            sa.select(Commitment)
            .where(sa.text("effective_until IS NULL"))
            .where(sa.text("product_id IS NOT NULL" if asked.product else "product_id IS NULL"))
        )
        step = Commitment(
            vendor_id=recorded.vendor_id,
            product_id=recorded.product_id,
            state=CommitmentState(state),
            effective_on=today(),
            declared_by=Source.MINISTRY,
            valid_until=end,
        )
        await histories.add(session, recorded, step)
    registry.commitments.append(CommitmentRow(ALPHA, asked.product, today(), state, end))


TRIES = {
    Step: try_step,
    Review: try_review,
    Suspension: try_suspension,
    Move: try_move,
    Consequence: bring_about,
}


async def check_answers(registry: Registry, day: date) -> None:
    world = registry.world
    seen = await registry.ask("Product", vendorSiren=ALPHA, slug=SLUG, asOf=str(day))
    assert seen["product"]["verdict"] == verdict(world, KEY, day), day
    town = await registry.ask("CollectiviteReadiness", code=TOWN, asOf=str(day))
    expected = readiness(world, world.bodies[0], as_of=day)
    assert town["collectivite"]["readiness"] == expected, day


@pytest.fixture
def walk(
    database: Database, addresses: Addresses, write: Ask, ask: Ask, token: Token
) -> Callable[..., Awaitable[None]]:
    """From an empty registry, one request after the other."""

    async def run(asked: Sequence[Any]) -> None:
        await reset(addresses)
        by, ministry = await token(ALPHA), await token(MINISTRY, ministry=True)
        registry = Registry(write, ask, database, by, ministry)
        await fill(database)
        for request in asked:
            before = registry.world
            await TRIES[type(request)](registry, request)
            if registry.world != before:
                await check_answers(registry, today())
        for day in (today() - timedelta(days=7), date(2024, 3, 1)):
            await check_answers(registry, day)

    return run


async def fill(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        owner, body = vendor(99990000, "Alpha"), commune(TOWN, "Bourg", 5000)
        await add(session, owner, body)
        used = product(owner, SLUG, "Application", Demarche.URBANISME)
        await add(session, used)
        await add(session, deployment(body, used, Demarche.URBANISME, since=START))


steadily = settings(
    max_examples=examples(40),
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@steadily
@given(asked=st.lists(DECLARED, min_size=15, max_size=30))
async def test_integrations_take_the_arrows_and_no_others(
    walk: Callable[..., Awaitable[None]], asked: Sequence[Any]
) -> None:
    await walk(asked)


@steadily
@given(asked=st.lists(COMMITTED, min_size=15, max_size=30))
async def test_commitments_take_the_arrows_and_no_others(
    walk: Callable[..., Awaitable[None]], asked: Sequence[Any]
) -> None:
    await walk([QUALIFIED, *asked])
