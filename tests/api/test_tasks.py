"""What waits for me, told to whoever signs in."""

from datetime import timedelta
from typing import Any

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Token
from tests.api.sides import EBENE, SILENT, Sides, link, town
from tests.factories import YEAR

ELOISE = "01002"
FAMILLE = {"vendorSiren": EBENE, "product": "famille"}
V1 = FAMILLE | {"service": "FRANCECONNECT_V1"}


@pytest.fixture
def tasks(read_as: Ask) -> Ask:
    async def read(by: str) -> dict[str, Any]:
        return {task["kind"]: task for task in (await read_as("Tasks", by))["tasks"]}

    return read


async def test_they_are_told_to_those_who_sign_in(refusal: Ask, world: None) -> None:
    assert (await refusal("Tasks"))["code"] == "UNAUTHENTICATED"


async def test_a_vendor(write: Ask, tasks: Ask, sides: Sides, token: Token) -> None:
    assert list(await tasks(sides.competitor)) == ["DECLARATION_STALE", "MAILBOX_MISSING"]
    late = (await tasks(sides.vendor))["TARGET_DATE_PASSED"]
    assert late["since"] == str(today() - YEAR)
    await write("DeclareDeployment", sides.town, **link())
    asked = await write("RecordIntegration", sides.vendor, **V1, state="QUALIFICATION_REQUESTED")
    back = {"step": asked["id"], "decision": "SEND_BACK", "reason": "La preuve manque."}
    await write("ReviewIntegration", sides.ministry, **V1, **back)
    said = {"collectivite": ELOISE, "kind": "SURCHARGE", "statement": "Un devis."}
    made = await write("OpenDispute", await token(town(ELOISE)), **FAMILLE, **said)
    for operation in ("ReviewDispute", "AskReply"):
        await write(operation, sides.ministry, dispute=made["id"])
    found = await tasks(sides.vendor)
    assert list(found) == [
        "DISPUTE_TO_ANSWER",
        "INTEGRATION_SENT_BACK",
        "TARGET_DATE_PASSED",
        "LINKS_TO_CONFIRM",
    ]
    assert found["DISPUTE_TO_ANSWER"]["dueOn"] == str(today() + timedelta(days=30))
    assert found["DISPUTE_TO_ANSWER"]["nodeId"] == made["id"]
    assert found["LINKS_TO_CONFIRM"]["count"] == 1
    silent = await token(SILENT)
    assert list(await tasks(silent)) == ["MAILBOX_MISSING"]
    await write("InviteCommitment", sides.ministry, vendorSiren=SILENT)
    assert list(await tasks(silent)) == ["COMMITMENT_INVITED", "MAILBOX_MISSING"]


async def test_a_town(write: Ask, tasks: Ask, sides: Sides, token: Token) -> None:
    assert list(await tasks(sides.town)) == ["NEXT_STEP"]
    eloise = await token(town(ELOISE))
    claim = {"claim": (await write("ClaimGrant", eloise, collectivite=ELOISE))["id"]}
    await write("RequestGrantChanges", sides.ministry, **claim, reason="Le RIB manque.")
    said = {"collectivite": ELOISE, "kind": "SURCHARGE", "statement": "Un devis."}
    made = await write("OpenDispute", eloise, **FAMILLE, **said)
    await write("ReviewDispute", sides.ministry, dispute=made["id"])
    await write("DismissDispute", sides.ministry, dispute=made["id"], reason="Non.")
    found = await tasks(eloise)
    assert sorted(found) == ["DISPUTE_DECIDED", "GRANT_TO_COMPLETE", "LINKS_TO_CONFIRM"]
    assert found["LINKS_TO_CONFIRM"]["count"] == 2


async def test_the_ministry_counts_its_queue(read_as: Ask, sides: Sides) -> None:
    waiting = (await read_as("Tasks", sides.ministry))["tasks"]
    counted = {task["queueKind"]: task["count"] for task in waiting if task["kind"] == "QUEUE"}
    assert counted == {"INTEGRATION_TO_VERIFY": 3, "VENDOR_UNREACHABLE": 3}


async def test_a_signature_near_its_end(write: Ask, tasks: Ask, token: Token, sides: Sides) -> None:
    signature = {
        "charterVersion": "2022-03-07",
        "signatory": "Signataire",
        "signatoryCapacity": "Direction",
        "scope": ["ONE_OFF_FEES", "RECURRING_FEES", "PER_USE_FEES", "COMPULSORY_MODULES"],
    }
    silent, end = await token(SILENT), today() + timedelta(days=30)
    signed = await write(
        "SignCommitment", silent, vendorSiren=SILENT, **signature, validUntil=str(end)
    )
    assert signed["__typename"] == "Commitment"
    assert (await tasks(silent))["COMMITMENT_EXPIRING"]["dueOn"] == str(end)
