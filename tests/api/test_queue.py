"""What waits for whom, for the ministry alone."""

from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from tests.api.conftest import Ask, Token
from tests.api.sides import EBENE, SILENT, Sides, town

CONNECTED, ELOISE = "01001", "01002"
FAMILLE = {"vendorSiren": EBENE, "product": "famille"}


async def waiting(read_as: Ask, by: str, **asked: Any) -> list[tuple[str, str, str]]:
    found = (await read_as("Queue", by, **asked))["queue"]
    nodes = [edge["node"] for edge in found["edges"]]
    return [(node["kind"], node["waitingFor"], node["sentence"]) for node in nodes]


async def test_it_is_for_the_ministry(refusal: Ask, world: None) -> None:
    assert (await refusal("Queue"))["code"] == "UNAUTHENTICATED"


@pytest.mark.usefixtures("world")
async def test_what_waits_comes_oldest_first_and_by_pages(
    write: Ask, read_as: Ask, sides: Sides, token: Token
) -> None:
    eloise, key = await token(town(ELOISE)), {"collectivite": ELOISE}
    await write("ClaimGrant", eloise, **key)
    await write("NameSoftware", eloise, **key, name="Inconnu", demarches=["AUTRE"])
    said = {"kind": "SURCHARGE", "statement": "Un devis."}
    dispute = {"dispute": (await write("OpenDispute", eloise, **key, **FAMILLE, **said))["id"]}
    await write("InviteCommitment", sides.ministry, vendorSiren=SILENT)
    found = await waiting(read_as, sides.ministry)
    verify = ("INTEGRATION_TO_VERIFY", "MINISTRY")
    sentence = "FranceConnect v2 pour {} : la déclaration est à vérifier."
    assert found[:2] == [
        (*verify, sentence.format("Guichet Été")),
        (*verify, sentence.format("Cantine")),
    ]
    assert sorted(kind for kind, _, _ in found[2:]) == [
        "DISPUTE_TO_REVIEW",
        "GRANT_TO_DECIDE",
        "INTEGRATION_TO_VERIFY",
        "INVITATION_UNANSWERED",
        "SOFTWARE_TO_SETTLE",
        *["VENDOR_UNREACHABLE"] * 3,
    ]
    first = (await read_as("Queue", sides.ministry, first=3))["queue"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (10, True)
    after = first["pageInfo"]["endCursor"]
    assert await waiting(read_as, sides.ministry, after=after) == found[3:]
    node = first["edges"][0]["node"]
    read = (await read_as("Node", sides.ministry, id=node["nodeId"]))["node"]
    assert read["__typename"] == node["nodeType"] == "Integration"

    async def moved(operation: str, by: str, **given: Any) -> tuple[str, str]:
        answered = await write(operation, by, **dispute, **given)
        assert answered["__typename"] == "Dispute", answered
        kinds = ["DISPUTE_TO_REVIEW", "DISPUTE_UNDER_REVIEW", "REPLY_AWAITED", "DISPUTE_REPLIED"]
        ((kind, waited, _),) = await waiting(read_as, sides.ministry, kinds=kinds)
        return kind, waited

    by = sides.ministry
    assert await moved("ReviewDispute", by) == ("DISPUTE_UNDER_REVIEW", "MINISTRY")
    assert await moved("AskReply", by) == ("REPLY_AWAITED", "VENDOR")
    replied = await moved("ReplyToDispute", sides.vendor, reason="Non.")
    assert replied == ("DISPUTE_REPLIED", "MINISTRY")


async def test_a_client_in_production_with_what_is_not_qualified_contradicts_itself(
    write: Ask, read_as: Ask, sides: Sides, database: Database
) -> None:
    kinds = ["IN_PRODUCTION_UNQUALIFIED"]
    assert await waiting(read_as, sides.ministry, kinds=kinds) == []
    v2 = FAMILLE | {"service": "FRANCECONNECT_V2"}
    await write("SuspendIntegration", sides.ministry, **v2, reason="En panne.")
    said = (
        "Portail Familles n’est pas qualifié pour FranceConnect v2, que ses clients ont pourtant"
        " en production : 1 collectivité."
    )
    assert await waiting(read_as, sides.ministry, kinds=kinds) == [(*kinds, "VENDOR", said)]
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE deployment SET until = since"))
    assert await waiting(read_as, sides.ministry, kinds=kinds) == []


async def test_a_vendor_is_refused(client: Any, sides: Sides) -> None:
    reply = await client.post(
        "/graphql",
        json={"query": "{ queue { totalCount } }"},
        headers={"Authorization": f"Bearer {sides.vendor}"},
    )
    (error,) = reply.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.usefixtures("world")
async def test_a_grant_waits_for_the_town_then_for_its_payment(
    write: Ask, read_as: Ask, sides: Sides, token: Token
) -> None:
    connected = await token(town(CONNECTED))
    claim = {"claim": (await write("ClaimGrant", connected, collectivite=CONNECTED))["id"]}
    await write("RequestGrantChanges", sides.ministry, **claim, reason="Il manque le devis.")
    found = await waiting(read_as, sides.ministry, kinds=["GRANT_TO_COMPLETE"])
    assert [kind[:2] for kind in found] == [("GRANT_TO_COMPLETE", "COLLECTIVITE")]
    await write("SubmitGrantClaim", connected, **claim)
    accepted = await write("AcceptGrantClaim", sides.ministry, **claim)
    assert accepted["__typename"] == "GrantClaim"
    found = await waiting(read_as, sides.ministry, kinds=["GRANT_TO_PAY", "GRANT_TO_COMPLETE"])
    assert [kind[:2] for kind in found] == [("GRANT_TO_PAY", "MINISTRY")]


@pytest.mark.usefixtures("world")
async def test_a_reply_that_is_late_then_a_breach_wait_for_the_ministry(
    write: Ask, read_as: Ask, sides: Sides, token: Token, addresses: Addresses
) -> None:
    said = {"collectivite": ELOISE, "kind": "SURCHARGE", "statement": "Un devis."}
    opened = await write("OpenDispute", await token(town(ELOISE)), **said, **FAMILLE)
    dispute = {"dispute": opened["id"]}
    await write("ReviewDispute", sides.ministry, **dispute)
    await write("AskReply", sides.ministry, **dispute)
    kinds = ["REPLY_OVERDUE", "COMMITMENT_BREACHED"]
    assert await waiting(read_as, sides.ministry, kinds=kinds) == []
    owner = await asyncpg.connect(addresses.owner)
    await owner.execute(
        "UPDATE dispute_transition SET reply_due_on = current_date - 1"
        " WHERE state = 'AWAITING_REPLY'"
    )
    await owner.close()
    found = await waiting(read_as, sides.ministry, kinds=kinds)
    assert [kind[:2] for kind in found] == [("REPLY_OVERDUE", "MINISTRY")]
    await write("ReviewDispute", sides.ministry, **dispute)
    upheld = await write("UpholdDispute", sides.ministry, **dispute, reason="Le devis le montre.")
    assert upheld["__typename"] == "Dispute"
    found = await waiting(read_as, sides.ministry, kinds=kinds)
    assert [kind[0] for kind in found] == ["COMMITMENT_BREACHED"]
