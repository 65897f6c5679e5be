"""The grant, from the claim to its recovery; by the town and the ministry alone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.factories import siren

CONNECTED, READY = "01001", "01002"
STATES = {
    "SubmitGrantClaim": "SUBMITTED",
    "CancelGrantClaim": "CANCELLED",
    "RequestGrantChanges": "CHANGES_REQUESTED",
    "AcceptGrantClaim": "ACCEPTED",
    "RejectGrantClaim": "REJECTED",
    "MarkGrantPaid": "PAID",
    "RequestGrantRecovery": "RECOVERY_REQUESTED",
    "MarkGrantRecovered": "RECOVERED",
}
TOWN = {"SubmitGrantClaim", "CancelGrantClaim"}

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
async def town(token: Token, world: None) -> str:
    """Connected, with a data API in production."""
    return await token(siren(21000000 + int(CONNECTED)))


@pytest.fixture
async def ready(token: Token, world: None) -> str:
    return await token(siren(21000000 + int(READY)))


async def stands(answer: Any, state: str) -> Any:
    found = await answer
    assert (found["__typename"], found.get("state")) == ("GrantClaim", state), found
    return found


async def test_a_grant_from_the_claim_to_its_recovery(
    write: Ask, town: str, ministry: str, written: Written
) -> None:
    made = await stands(write("ClaimGrant", town, collectivite=CONNECTED), "SUBMITTED")
    assert made["amountCents"] == 500000
    assert [step["state"] for step in made["steps"]] == ["DRAFT", "SUBMITTED"]
    claim, said = {"claim": made["id"]}, {"reason": "Le RIB manque."}
    await stands(write("RequestGrantChanges", ministry, **claim, **said), "CHANGES_REQUESTED")
    await stands(write("SubmitGrantClaim", town, **claim), "SUBMITTED")
    await stands(write("AcceptGrantClaim", ministry, **claim), "ACCEPTED")
    await stands(write("MarkGrantPaid", ministry, **claim), "PAID")
    said = {"reason": "Versée deux fois."}
    await stands(write("RequestGrantRecovery", ministry, **claim, **said), "RECOVERY_REQUESTED")
    done = await stands(write("MarkGrantRecovered", ministry, **claim), "RECOVERED")
    assert [(step["declaredBy"], step["reason"]) for step in done["steps"]] == [
        ("COLLECTIVITE", None),
        ("COLLECTIVITE", None),
        ("MINISTRY", "Le RIB manque."),
        ("COLLECTIVITE", None),
        ("MINISTRY", None),
        ("MINISTRY", None),
        ("MINISTRY", "Versée deux fois."),
        ("MINISTRY", None),
    ]
    assert [entry[:2] for entry in await written()] == [
        ("claim", "grant_claim"),
        ("claim", "grant_claim_transition"),
        ("claim", "grant_claim_transition"),
        ("changes_requested", "grant_claim_transition"),
        ("submitted", "grant_claim_transition"),
        ("accepted", "grant_claim_transition"),
        ("paid", "grant_claim_transition"),
        ("recovery_requested", "grant_claim_transition"),
        ("recovered", "grant_claim_transition"),
    ]
    await stands(write("ClaimGrant", town, collectivite=CONNECTED), "SUBMITTED")


async def test_a_draft_waits_and_is_cancelled(write: Ask, town: str) -> None:
    made = await stands(write("ClaimGrant", town, collectivite=CONNECTED, submit=False), "DRAFT")
    await stands(write("CancelGrantClaim", town, claim=made["id"]), "CANCELLED")
    again = await write("SubmitGrantClaim", town, claim=made["id"])
    assert (again["__typename"], again["currentState"], again["allowed"]) == (
        "NotInThisState",
        "CANCELLED",
        [],
    )


async def test_the_amount_is_that_of_the_day(write: Ask, town: str, database: Database) -> None:
    made = await write("ClaimGrant", town, collectivite=CONNECTED, idempotencyKey="un")
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE campaign SET grant_amount_cents = 1"))
    again = await write("ClaimGrant", town, collectivite=CONNECTED, idempotencyKey="un")
    assert (again["id"], again["amountCents"]) == (made["id"], 500000)


async def test_a_claim_is_accepted_once_the_town_is_connected_with_data(
    write: Ask, town: str, ready: str, ministry: str, database: Database
) -> None:
    early = {"claim": (await write("ClaimGrant", ready, collectivite=READY))["id"]}
    refused = await write("AcceptGrantClaim", ministry, **early)
    assert (refused["__typename"], refused["currentState"], refused["allowed"]) == (
        "NotInThisState",
        "SUBMITTED",
        ["CANCELLED", "CHANGES_REQUESTED", "REJECTED"],
    )
    claim = {"claim": (await write("ClaimGrant", town, collectivite=CONNECTED))["id"]}
    await without(database, "API_PARTICULIER")
    assert (await write("AcceptGrantClaim", ministry, **claim))["__typename"] == "NotInThisState"


@pytest.mark.parametrize("service", ["API_PARTICULIER", "FRANCECONNECT_V2"])
async def test_both_services_must_be_in_production(
    write: Ask, town: str, ministry: str, database: Database, service: str
) -> None:
    claim = {"claim": (await write("ClaimGrant", town, collectivite=CONNECTED))["id"]}
    await without(database, service)
    assert (await write("AcceptGrantClaim", ministry, **claim))["__typename"] == "NotInThisState"


async def without(database: Database, service: str) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("DELETE FROM activation WHERE service = :service"), {"service": service}
        )


async def test_one_claim_lives_at_a_time(write: Ask, town: str, ministry: str) -> None:
    asked = [write("ClaimGrant", town, collectivite=CONNECTED) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["AlreadyExists"] * 3 + ["GrantClaim"]
    (claim,) = [answer["id"] for answer in answers if answer["__typename"] == "GrantClaim"]
    await stands(write("RejectGrantClaim", ministry, claim=claim, reason="Hors délai."), "REJECTED")
    await stands(write("ClaimGrant", town, collectivite=CONNECTED), "SUBMITTED")


async def test_a_predecessor_s_claim_is_the_successor_s(
    write: Ask, town: str, read_as: Ask, database: Database, token: Token
) -> None:
    """01099 was merged into 01001."""
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(INHERITED))
    refused = await write("ClaimGrant", town, collectivite=CONNECTED)
    assert (refused["__typename"], refused["field"]) == ("AlreadyExists", "collectivite")
    found = (await read_as("CollectiviteGrantClaims", town, code="01099"))["collectivite"]
    (edge,) = found["grantClaims"]["edges"]
    assert edge["node"]["collectivite"] == {"code": CONNECTED}
    await stands(write("CancelGrantClaim", town, claim=edge["node"]["id"]), "CANCELLED")


INHERITED = """
    WITH made AS (
        INSERT INTO grant_claim (campaign_id, collectivite_id, amount_cents)
        SELECT campaign.id, collectivite.id, 500000 FROM campaign, collectivite
        WHERE insee = '01099' RETURNING id
    )
    INSERT INTO grant_claim_transition (grant_claim_id, state, effective_on, declared_by)
    SELECT id, 'SUBMITTED', '2023-06-01', 'COLLECTIVITE' FROM made
"""


async def test_claims_are_read_by_the_town_and_the_ministry(
    write: Ask, ask: Ask, read_as: Ask, town: str, ready: str, ministry: str, token: Token
) -> None:
    made = (await write("ClaimGrant", town, collectivite=CONNECTED))["id"]
    vendor = await token(siren(99990000))
    for by, count in ((town, 1), (ministry, 1), (ready, 0), (vendor, 0), (None, 0)):
        found = await read_as("CollectiviteGrantClaims", by, code=CONNECTED)
        assert found["collectivite"]["grantClaims"]["totalCount"] == count
        assert len(found["collectivite"]["grantClaims"]["edges"]) == count
        node = (await read_as("Node", by, id=made))["node"]
        assert node == (
            {"__typename": "GrantClaim", "id": made, "amountCents": 500000} if count else None
        )
    public = await ask("CollectiviteGrantClaims", code=CONNECTED)
    assert public["collectivite"]["grantClaims"]["totalCount"] == 0


@pytest.mark.parametrize("operation", STATES)
async def test_each_step_is_its_party_s(
    write: Ask, town: str, ready: str, ministry: str, written: Written, operation: str
) -> None:
    claim = {"claim": (await write("ClaimGrant", town, collectivite=CONNECTED))["id"]}
    count = len(await written())
    others = {ready, ministry if operation in TOWN else town}
    for by in others:
        answer = await write(operation, by, **claim, reason="Non.")
        assert answer["__typename"] == "NotAllowed"
    assert (await write(operation, **claim))["__typename"] == "NotSignedIn"
    unknown = await write(operation, ministry, claim="R3JhbnRDbGFpbTo5OTk5OTk5")
    expected = "NotAllowed" if operation in TOWN else "NotFound"
    assert unknown["__typename"] == expected
    assert len(await written()) == count


async def test_what_a_claim_refuses(
    write: Ask, town: str, ready: str, ministry: str, written: Written
) -> None:
    tomorrow = str(today() + timedelta(days=1))
    faults = await write(
        "ClaimGrant", town, collectivite=CONNECTED, effectiveOn=tomorrow, evidenceUrl="ftp://x"
    )
    assert [fault["field"] for fault in faults["errors"]] == ["evidenceUrl", "effectiveOn"]
    other = await write("ClaimGrant", ready, collectivite=CONNECTED)
    anonymous = await write("ClaimGrant", collectivite="?")
    kinds = [answer["__typename"] for answer in (other, anonymous)]
    assert kinds == ["NotAllowed", "NotSignedIn"]
    assert await written() == []
    claim = {"claim": (await write("ClaimGrant", town, collectivite=CONNECTED))["id"]}
    for operation in ("RequestGrantChanges", "RejectGrantClaim", "RequestGrantRecovery"):
        silent = await write(operation, ministry, **claim)
        assert [fault["field"] for fault in silent["errors"]] == ["reason"]
    early = await write("MarkGrantPaid", ministry, **claim)
    assert (early["currentState"], early["allowed"]) == (
        "SUBMITTED",
        ["ACCEPTED", "CANCELLED", "CHANGES_REQUESTED", "REJECTED"],
    )
