"""Who opens and moves a dispute, from where, and what is refused."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.clock import today
from registry.embedded import Addresses
from tests.api.conftest import Ask, Token, Written
from tests.api.test_disputes.conftest import (
    AUBEPINE,
    EBENE,
    ELOISE,
    Parties,
    Registry,
    as_owner,
    moved,
    town_siren,
)

REASON, EVIDENCE = {"reason": "Parce que."}, {"evidenceUrl": "https://piece.example/1.pdf"}


def refused(answer: Any) -> tuple[str, Any]:
    """What kind of refusal, and on what."""
    kind = answer["__typename"]
    match kind:
        case "Invalid":
            return kind, [fault["field"] for fault in answer["errors"]]
        case "NotInThisState":
            return kind, (answer["currentState"], answer["allowed"])
        case _:
            return kind, answer.get("field")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"product": "inconnu"}, ("NotFound", "product")),
        ({"product": "Famille !"}, ("Invalid", ["product"])),
        ({"vendorSiren": "123"}, ("Invalid", ["vendorSiren"])),
        ({"collectivite": "01003"}, ("NotAllowed", None)),
        ({"collectivite": "nulle part"}, ("Invalid", ["collectivite"])),
        ({"collectivite": "99999"}, ("NotAllowed", None)),
        ({"vendorSiren": AUBEPINE, "product": "guichet"}, ("NotAllowed", None)),
        ({"kind": "INTEGRATION"}, ("Invalid", ["service", "surchargeKind", "amountCents"])),
        ({"service": "FRANCECONNECT_V2"}, ("Invalid", ["service"])),
        (
            {"statement": " ", "amountCents": 0, "evidenceUrl": "ftp://x"},
            ("Invalid", ["statement", "amountCents", "evidenceUrl"]),
        ),
        ({"amountCents": 2_000_000_001}, ("Invalid", ["amountCents"])),
        ({"effectiveOn": str(today() + timedelta(days=2))}, ("Invalid", ["effectiveOn"])),
    ],
)
async def test_what_cannot_be_contested(
    registry: Registry, written: Written, given: dict[str, Any], refusal: tuple[str, Any]
) -> None:
    answer = await registry.surcharge(**({"service": None} | given))
    assert refused(answer) == refusal
    assert await written() == []


async def test_only_who_uses_the_product_contests(
    registry: Registry, token: Token, parties: Parties, write: Ask
) -> None:
    nobody = {"collectivite": ELOISE, "vendorSiren": EBENE, "product": "famille"}
    said = {"kind": "SURCHARGE", "statement": "Un devis."}
    anonymous = await write("OpenDispute", **nobody, **said)
    vendor = await registry.surcharge(parties.vendor)
    ministry = await registry.surcharge(parties.ministry)
    other = await registry.surcharge(await token(town_siren("01003")), town="01003")
    kinds = [answer["__typename"] for answer in (anonymous, vendor, ministry, other)]
    assert kinds == ["NotSignedIn", "NotAllowed", "NotAllowed", "NotAllowed"]
    assert "n’utilise pas" in other["message"]


async def test_an_integration_that_nobody_declared_has_nothing_to_contest(
    registry: Registry,
) -> None:
    missing = await registry.contest(service=None)
    unknown = await registry.contest(service="FRANCECONNECT_PLUS")
    assert refused(missing) == ("Invalid", ["service"])
    assert refused(unknown) == ("NotFound", "service")


async def test_one_dispute_is_open_on_the_same_thing(registry: Registry, parties: Parties) -> None:
    await moved(done(await registry.surcharge()), "OPEN")
    assert refused(await registry.surcharge()) == ("AlreadyExists", "product")
    await moved(done(await registry.contest()), "OPEN")
    assert refused(await registry.contest()) == ("AlreadyExists", "product")
    await moved(done(await registry.contest(service="API_PARTICULIER")), "OPEN")
    await moved(done(await registry.surcharge(parties.bois, town="01001")), "OPEN")


async def done(answer: Any) -> Any:
    return answer


async def test_two_at_once_open_one(registry: Registry, database: Database) -> None:
    answers = await asyncio.gather(*(registry.surcharge() for _ in range(4)))
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["AlreadyExists"] * 3 + ["Dispute"]
    async with database.read() as session:
        states = await session.scalars(
            sa.text("SELECT state FROM commitment WHERE product_id IS NOT NULL")
        )
        assert list(states) == ["BREACH_ALLEGED"]


async def test_disputes_that_end_at_once_give_the_signature_back(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    mine = (await registry.surcharge())["id"]
    theirs = (await registry.surcharge(parties.bois, town="01001"))["id"]
    await asyncio.gather(
        write("WithdrawDispute", parties.eloise, dispute=mine),
        write("WithdrawDispute", parties.bois, dispute=theirs),
    )
    assert await registry.commitment() == "SIGNED"


async def test_a_key_opens_a_dispute_once(registry: Registry, written: Written) -> None:
    first = await registry.surcharge(idempotencyKey="un")
    assert await registry.surcharge(idempotencyKey="un") == first
    assert len(await written()) == 3


async def test_each_step_is_its_party_s(registry: Registry, write: Ask, parties: Parties) -> None:
    dispute = {"dispute": (await registry.surcharge())["id"]}
    everyone = {
        None: "NotSignedIn",
        parties.eloise: "NotAllowed",
        parties.bois: "NotAllowed",
        parties.vendor: "NotAllowed",
        parties.ministry: "NotAllowed",
    }
    steps = [
        (write("ReviewDispute", by, **dispute), by, {parties.ministry})
        for by in everyone
        if by != parties.ministry
    ]
    for operation, owners in (
        ("AskReply", {parties.ministry}),
        ("ReplyToDispute", {parties.vendor}),
        ("UpholdDispute", {parties.ministry}),
        ("DismissDispute", {parties.ministry}),
        ("WithdrawDispute", {parties.eloise}),
        ("ReopenDispute", {parties.eloise, parties.vendor, parties.ministry}),
    ):
        steps += [
            (write(operation, by, **dispute, **REASON, **EVIDENCE), by, owners)
            for by in everyone
            if by not in owners
        ]
    for answer, by, _ in steps:
        assert (await answer)["__typename"] == everyone[by]
    assert (await registry.product())["openDisputeCount"] == 1


async def test_an_unknown_dispute(write: Ask, parties: Parties) -> None:
    unknown = "RGlzcHV0ZTo5OTk5OTk5"
    assert refused(await write("ReviewDispute", parties.ministry, dispute=unknown)) == (
        "NotFound",
        "dispute",
    )
    stranger = await write("WithdrawDispute", parties.eloise, dispute=unknown)
    assert stranger["__typename"] == "NotAllowed"
    vendor = "VmVuZG9yOjE="
    answer = await write("ReviewDispute", parties.ministry, dispute=vendor)
    assert refused(answer) == ("Invalid", ["dispute"])


async def test_nothing_is_upheld_before_the_accused_had_its_say(
    registry: Registry, write: Ask, parties: Parties, addresses: Addresses
) -> None:
    dispute = {"dispute": (await registry.surcharge())["id"]}
    early = await write("UpholdDispute", parties.ministry, **dispute)
    assert refused(early) == ("NotInThisState", ("OPEN", ["UNDER_REVIEW", "WITHDRAWN"]))
    await write("ReviewDispute", parties.ministry, **dispute)
    others = ["AWAITING_REPLY", "DISMISSED", "WITHDRAWN"]
    unheard = await write("UpholdDispute", parties.ministry, **dispute)
    assert refused(unheard) == ("NotInThisState", ("UNDER_REVIEW", others))
    due = today() + timedelta(days=1)
    asked = write("AskReply", parties.ministry, **dispute, replyDueOn=str(due))
    assert (await moved(asked, "AWAITING_REPLY"))["steps"][-1]["replyDueOn"] == str(due)
    waiting = await write("UpholdDispute", parties.ministry, **dispute)
    assert refused(waiting)[1] == ("AWAITING_REPLY", ["UNDER_REVIEW", "WITHDRAWN"])
    await moved(write("ReviewDispute", parties.ministry, **dispute), "UNDER_REVIEW")
    unheard = await write("UpholdDispute", parties.ministry, **dispute)
    assert refused(unheard) == ("NotInThisState", ("UNDER_REVIEW", others))
    await as_owner(
        addresses,
        "UPDATE dispute_transition SET reply_due_on = $1 WHERE reply_due_on = $2",
        today() - timedelta(days=1),
        due,
    )
    await moved(write("UpholdDispute", parties.ministry, **dispute), "UPHELD")


@pytest.mark.parametrize("days", [0, -1, 366])
async def test_a_reply_is_due_within_a_year(
    registry: Registry, write: Ask, parties: Parties, days: int
) -> None:
    dispute = {"dispute": (await registry.surcharge())["id"]}
    await write("ReviewDispute", parties.ministry, **dispute)
    due = str(today() + timedelta(days=days))
    answer = await write("AskReply", parties.ministry, **dispute, replyDueOn=due)
    assert refused(answer) == ("Invalid", ["replyDueOn"])
    asked = await moved(write("AskReply", parties.ministry, **dispute), "AWAITING_REPLY")
    assert asked["steps"][-1]["replyDueOn"] == str(today() + timedelta(days=30))


async def test_a_vendor_replies_when_it_is_asked(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    dispute = {"dispute": (await registry.surcharge())["id"]}
    early = await write("ReplyToDispute", parties.vendor, **dispute, **REASON)
    assert refused(early)[0] == "NotInThisState"
    await write("ReviewDispute", parties.ministry, **dispute)
    assert refused(await write("ReplyToDispute", parties.vendor, **dispute, **REASON)) == (
        "NotInThisState",
        ("UNDER_REVIEW", ["AWAITING_REPLY", "DISMISSED", "UPHELD", "WITHDRAWN"]),
    )
    await write("AskReply", parties.ministry, **dispute)
    silent = await write("ReplyToDispute", parties.vendor, **dispute)
    assert refused(silent) == ("Invalid", ["reason"])
    replied = await moved(
        write("ReplyToDispute", parties.vendor, **dispute, **REASON), "UNDER_REVIEW"
    )
    assert replied["steps"][-1] == {
        "state": "UNDER_REVIEW",
        "effectiveOn": str(today()),
        "declaredBy": "VENDOR",
        "reason": "Parce que.",
        "evidenceUrl": None,
        "replyDueOn": None,
    }


async def test_what_is_closed_is_reopened_by_who_lost_on_new_evidence(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    dispute = {"dispute": (await registry.contest())["id"]}
    early = await write("ReopenDispute", parties.eloise, **dispute, **EVIDENCE)
    assert refused(early) == ("NotInThisState", ("OPEN", ["UNDER_REVIEW", "WITHDRAWN"]))
    await write("ReviewDispute", parties.ministry, **dispute)
    unexplained = await write("DismissDispute", parties.ministry, **dispute)
    assert refused(unexplained) == ("Invalid", ["reason"])
    await moved(write("DismissDispute", parties.ministry, **dispute, **REASON), "DISMISSED")
    assert refused(await write("ReviewDispute", parties.ministry, **dispute)) == (
        "NotInThisState",
        ("DISMISSED", ["UNDER_REVIEW"]),
    )
    winner = await write("ReopenDispute", parties.vendor, **dispute, **EVIDENCE)
    assert winner["__typename"] == "NotAllowed"
    bare = await write("ReopenDispute", parties.eloise, **dispute)
    assert refused(bare) == ("Invalid", ["evidenceUrl"])
    other = {"dispute": (await registry.contest())["id"]}
    twice = await write("ReopenDispute", parties.eloise, **dispute, **EVIDENCE)
    assert refused(twice) == ("AlreadyExists", "dispute")
    await moved(write("WithdrawDispute", parties.eloise, **other), "WITHDRAWN")
    gone = await write("ReopenDispute", parties.eloise, **other, **EVIDENCE)
    assert refused(gone) == ("NotInThisState", ("WITHDRAWN", []))
    again = write("ReopenDispute", parties.eloise, **dispute, **EVIDENCE)
    await moved(again, "UNDER_REVIEW")
    await write("AskReply", parties.ministry, **dispute)
    await write("ReplyToDispute", parties.vendor, **dispute, **REASON)
    await moved(write("UpholdDispute", parties.ministry, **dispute), "UPHELD")
    loser = await write("ReopenDispute", parties.eloise, **dispute, **EVIDENCE)
    assert loser["__typename"] == "NotAllowed"
    await moved(write("ReopenDispute", parties.vendor, **dispute, **EVIDENCE), "UNDER_REVIEW")


async def test_a_step_is_not_dated_before_the_last(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    dispute = {"dispute": (await registry.surcharge())["id"]}
    eve = str(today() - timedelta(days=1))
    answer = await write("ReviewDispute", parties.ministry, **dispute, effectiveOn=eve)
    assert refused(answer) == ("Invalid", ["effectiveOn"])


async def test_a_dispute_told_late_bears_its_day(registry: Registry) -> None:
    eve = str(today() - timedelta(days=1))
    opened = await registry.surcharge(effectiveOn=eve)
    assert opened["steps"][0]["effectiveOn"] == eve
    assert await registry.commitment() == "BREACH_ALLEGED"


async def test_the_ministry_does_not_judge_its_own_case(
    registry: Registry, write: Ask, token: Token
) -> None:
    dispute = (await registry.surcharge())["id"]
    vendor = await token(EBENE, ministry=True)
    assert (await write("ReviewDispute", vendor, dispute=dispute))["__typename"] == "NotAllowed"


async def test_each_mutation_of_a_document_answers_what_it_wrote(
    registry: Registry, client: httpx2.AsyncClient, parties: Parties
) -> None:
    dispute = (await registry.surcharge())["id"]
    query = """
        mutation Both($input: DisputeStepInput!, $ask: AskReplyInput!) {
          reviewDispute(input: $input) { ... on Dispute { state } }
          askReply(input: $ask) { ... on Dispute { state } }
        }
    """
    step = {"dispute": dispute}
    reply = await client.post(
        "/graphql",
        json={"query": query, "variables": {"input": step, "ask": step}},
        headers={"Authorization": f"Bearer {parties.ministry}"},
    )
    assert reply.json()["data"] == {
        "reviewDispute": {"state": "UNDER_REVIEW"},
        "askReply": {"state": "AWAITING_REPLY"},
    }
