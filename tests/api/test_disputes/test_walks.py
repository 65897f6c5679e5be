"""Random walks of the three parties on two products and two towns: every outcome is that of a
naive model, every verdict that of the oracle, and the registry recomputes without a difference.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import asyncpg
import pytest
import sqlalchemy as sa

from models import (
    Collectivite,
    Commitment,
    CommitmentState,
    Demarche,
    Integration,
    IntegrationState,
    Service,
    Source,
)
from registry.database import Database
from registry.domain import histories, ledger, verification
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.search import folded
from registry.embedded import Addresses
from tests import oracle
from tests.api.conftest import MINISTRY as MINISTRY_SIREN
from tests.api.conftest import Ask, Token
from tests.api.test_disputes.conftest import town_siren
from tests.api.test_disputes.model import (
    KINDS,
    MINISTRY,
    OPEN,
    PRODUCTS,
    TOWNS,
    VENDOR,
    Model,
    Move,
    Row,
)
from tests.factories import add, commune, deployment, product, siren, vendor
from tests.strategies.histories import COMMITMENT_ARROWS

SIREN, SCHOOL, V2 = siren(99990000), Demarche.PERISCOLAIRE, Service.FRANCECONNECT_V2
OPERATIONS = {
    "review": "ReviewDispute",
    "ask": "AskReply",
    "reply": "ReplyToDispute",
    "uphold": "UpholdDispute",
    "dismiss": "DismissDispute",
    "withdraw": "WithdrawDispute",
    "reopen": "ReopenDispute",
}
SAID = {"reason": "Voici pourquoi.", "evidenceUrl": "https://piece.example/1.pdf"}
LENGTH = 40


@dataclass
class Walk:
    """The registry that the model speaks of."""

    database: Database
    addresses: Addresses
    tokens: dict[str, str]
    write: Ask
    ask: Ask
    ids: list[str]

    async def make(self, move: Move) -> str:
        if move.verb in OPERATIONS:
            given = {"dispute": self.ids[int(move.on)]} | SAID
            operation = OPERATIONS[move.verb]
            answer = await self.write(operation, self.tokens[move.by], **given)
            return str(answer["__typename"])
        if move.verb == "open":
            return await self.open(move)
        if move.verb == "wait":
            await self.wait()
        elif move.verb == "say":
            await self.say(str(move.on), move.word, move.valid_until)
        else:
            await self.qualify(str(move.on))
        return ""

    async def open(self, move: Move) -> str:
        contests = move.word == "INTEGRATION"
        answer = await self.write(
            "OpenDispute",
            self.tokens[move.by],
            collectivite=move.by,
            vendorSiren=SIREN,
            product=move.on,
            kind=move.word,
            service=V2 if contests else None,
            statement="Ce n’est pas ce qui est dit.",
        )
        if answer["__typename"] == "Dispute":
            self.ids.append(answer["id"])
        return str(answer["__typename"])

    async def say(self, holder: str, state: str, valid_until: date | None, ago: int = 0) -> None:
        async with self.database.transaction(ADMINISTRATOR) as session:
            owner, used = (await session.execute(HOLDER, {"slug": holder})).one()
            last = await session.scalar(
                sa.select(Commitment).where(
                    Commitment.product_id.is_not_distinct_from(used),  # type: ignore[union-attr]
                    Commitment.effective_until.is_(None),  # type: ignore[union-attr]
                )
            )
            step = Commitment(
                vendor_id=owner,
                product_id=used,
                state=CommitmentState(state),
                valid_until=valid_until,
                effective_on=today() - timedelta(days=ago),
                declared_by=Source.VENDOR,
            )
            await histories.add(session, last, step)
            await ledger.append(session, "say", "commitment", [step.recorded_id])

    async def qualify(self, slug: str) -> None:
        async with self.database.transaction(ADMINISTRATOR) as session:
            _, used = (await session.execute(HOLDER, {"slug": slug})).one()
            last = await session.scalar(
                sa.select(Integration).where(
                    Integration.product_id == used,
                    Integration.effective_until.is_(None),  # type: ignore[union-attr]
                )
            )
            step = qualified(used, today())
            await histories.add(session, last, step)
            await ledger.append(session, "say", "integration", [step.recorded_id])

    async def wait(self) -> None:
        owner = await asyncpg.connect(self.addresses.owner)
        eve = today() - timedelta(days=1)
        for statement in WAIT:
            await owner.execute(statement, eve)
        await owner.close()
        async with self.database.transaction(ADMINISTRATOR) as session:
            for noun in ("commitment", "dispute_transition"):
                ids = f"SELECT id FROM {noun}"
                await ledger.append_selected(session, "wait", noun, ids)


HOLDER = sa.text("""
    SELECT vendor.id, product.id FROM vendor
    LEFT JOIN product ON product.vendor_id = vendor.id AND slug = :slug
""")
OWN = sa.text("""
    SELECT slug, state, valid_until FROM commitment LEFT JOIN product ON product.id = product_id
    ORDER BY effective_on, commitment.id
""")
WAIT = (
    "UPDATE dispute_transition SET reply_due_on = $1 WHERE reply_due_on IS NOT NULL",
    "UPDATE commitment SET valid_until = $1 WHERE valid_until IS NOT NULL",
)


def qualified(used: int, day: date) -> Integration:
    return Integration(
        product_id=used,
        service=V2,
        state=IntegrationState.QUALIFIED,
        effective_on=day,
        declared_by=Source.VENDOR,
    )


def town_of(insee: str) -> Collectivite:
    name, key = f"Ville {insee}", town_siren(insee)
    return commune(insee, name, 900, regions=[], departements=[], search=folded(name, insee, key))


async def begin(
    database: Database, addresses: Addresses, token: Token, write: Ask, ask: Ask, model: Model
) -> Walk:
    """The products of one vendor, used by the two towns; all of it told to the ledger."""
    tokens = {town: await token(town_siren(town)) for town in TOWNS}
    tokens |= {VENDOR: await token(SIREN), MINISTRY: await token(MINISTRY_SIREN, ministry=True)}
    async with database.transaction(ADMINISTRATOR) as session:
        seller = vendor(99990000, "Éditeur")
        towns = [town_of(insee) for insee in TOWNS]
        await add(session, seller, *towns)
        used = [product(seller, slug, slug, SCHOOL) for slug in PRODUCTS]
        await add(session, *used)
        since = today() - timedelta(days=60)
        await add(session, *(qualified(one.recorded_id, since) for one in used))
        await add(session, *(deployment(town, one, SCHOOL) for town in towns for one in used))
        for noun in verification.RECORDED:
            ids = f"SELECT id FROM {noun}"
            await ledger.append_selected(session, "create", noun, ids)
    walk = Walk(database, addresses, tokens, write, ask, [])
    for holder, rows in model.said.items():
        for row in rows:
            await walk.say(holder, row.state, row.valid_until, ago=30)
    return walk


def world_of(model: Model) -> oracle.World:
    early = model.today - timedelta(days=60)
    day = model.today
    return oracle.World(
        bodies=tuple(
            oracle.Body(
                code,
                "COMMUNE",
                town_siren(code),
                code,
                900,
                frozenset({"01"}),
                frozenset(),
                None,
                frozenset({"COMMUNE_UP_TO_3500"}),
            )
            for code in TOWNS
        ),
        vendors=(SIREN,),
        products=tuple(
            oracle.Product(SIREN, p, citizen_login=True, demarches=frozenset({SCHOOL}))
            for p in PRODUCTS
        ),
        integrations=tuple(
            oracle.IntegrationRow(SIREN, p, V2, day, "QUALIFIED" if yes else "SUSPENDED")
            for p, yes in model.qualified.items()
        ),
        commitments=tuple(
            oracle.CommitmentRow(SIREN, holder or None, day, row.state, row.valid_until)
            for holder, rows in model.said.items()
            for row in rows
        ),
        deployments=tuple(
            oracle.DeploymentRow(code, SIREN, p, SCHOOL, early) for code in TOWNS for p in PRODUCTS
        ),
    )


async def compare(walk: Walk, model: Model) -> None:
    async with walk.database.read() as session:
        rows = [(slug or "", Row(*row)) for slug, *row in await session.execute(OWN)]
    assert {h: [row for slug, row in rows if slug == h] for h in model.said} == model.said
    world = world_of(model)
    for slug in PRODUCTS:
        found = (await walk.ask("ProductDisputes", vendorSiren=SIREN, slug=slug))["product"]
        assert found["verdict"] == oracle.verdict(world, (SIREN, slug), model.today)
        alleged, contested = (bool(model.open_on(slug, kind)) for kind in KINDS)
        holder = model.applying(slug)
        if model.said[holder]:
            assert found["commitment"]["state"] == model.read(holder)
            level = "CONTESTED" if alleged else "SELF_DECLARED"
            assert found["commitment"]["evidenceLevel"] == level
        (integration,) = found["integrations"]
        assert integration["state"] == ("QUALIFIED" if model.qualified[slug] else "SUSPENDED")
        assert (integration["evidenceLevel"] == "CONTESTED") == contested
        concerned = [case for case in model.cases if case.product == slug]
        assert found["openDisputeCount"] == sum(case.state in OPEN for case in concerned)


async def compare_at_the_end(walk: Walk, model: Model) -> None:
    world = world_of(model)
    for body in world.bodies:
        town = (await walk.ask("CollectiviteReadiness", code=body.code))["collectivite"]
        assert town["readiness"] == oracle.readiness(world, body, as_of=model.today)
    for rows in model.said.values():
        for before, after in pairwise(rows):
            starts = {*COMMITMENT_ARROWS[before.state]}
            if before.valid_until is not None and before.valid_until < model.today:
                starts |= {*COMMITMENT_ARROWS["EXPIRED"]}
            assert after.state in starts
    async with walk.database.read(ADMINISTRATOR) as session:
        assert [found async for found in verification.differences(session) if found[1]] == []


SIGNED, ENDING = Row("SIGNED", None), Row("SIGNED", today())
WIDE: list[list[Row]] = [[SIGNED], [SIGNED], [ENDING], [Row("DECLINED", None)], []]
OF_PRODUCTS: list[list[Row]] = [
    [],
    [],
    [SIGNED],
    [ENDING],
    [Row("INVITED", None)],
    [Row("NONE", None)],
]


WEIGHTS = {"review": 3, "ask": 3, "reply": 3, "uphold": 8, "dismiss": 2, "withdraw": 1, "reopen": 4}


def chosen(chance: random.Random, model: Model) -> Move:
    """Mostly what goes through, so that a walk goes far; the refusals too."""
    moves = [*model.moves()]
    useful = [m for m in moves if m.verb in OPERATIONS and model.outcome(m) == "Dispute"]
    if not useful or chance.random() < 0.35:
        return chance.choice(moves)
    return chance.choices(useful, [WEIGHTS[move.verb] for move in useful])[0]


@pytest.mark.parametrize("seed", range(16))
async def test_walks(
    database: Database, addresses: Addresses, token: Token, write: Ask, ask: Ask, seed: int
) -> None:
    chance = random.Random(seed)
    said = {"": [*chance.choice(WIDE)]} | {p: [*chance.choice(OF_PRODUCTS)] for p in PRODUCTS}
    model = Model(today(), said)
    walk = await begin(database, addresses, token, write, ask, model)
    for _ in range(LENGTH):
        move = chosen(chance, model)
        asked = move.verb in OPERATIONS or move.verb == "open"
        expected = model.outcome(move) if asked else ""
        assert await walk.make(move) == expected, move
        if expected in {"", "Dispute"}:
            model.make(move)
            await compare(walk, model)
    await compare_at_the_end(walk, model)
