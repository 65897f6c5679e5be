"""What a vendor declares of its products, and what the ministry makes of it."""

from datetime import timedelta
from typing import Any

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.test_vendors import AUBEPINE, EBENE, SILENT
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")

PROOF = "https://ebene.example/preuve.pdf"
FAMILLE = {"vendorSiren": EBENE, "product": "famille"}
V1 = FAMILLE | {"service": "FRANCECONNECT_V1"}
V2 = FAMILLE | {"service": "FRANCECONNECT_V2"}
MAIRIE = {"vendorSiren": SILENT, "product": "mairie", "service": "FRANCECONNECT_V2"}


def faults(refused: Any) -> list[str]:
    assert refused["__typename"] == "Invalid", refused
    return [fault["field"] for fault in refused["errors"]]


async def test_a_vendor_takes_a_product_to_its_qualification(
    write: Ask, ask: Ask, token: Token, written: Written
) -> None:
    by = await token(SILENT)
    day = today() - timedelta(days=3)
    planned = await write(
        "RecordIntegration",
        by,
        **MAIRIE,
        state="PLANNED",
        targetDate=str(day),
        effectiveOn=str(day),
        minVersion=" 5.1 ",
    )
    assert (planned["state"], planned["declaredBy"], planned["late"]) == ("PLANNED", "VENDOR", True)
    assert (planned["minVersion"], planned["effectiveOn"]) == ("5.1", str(day))
    assert planned["evidenceLevel"] == "SELF_DECLARED"
    done = await write(
        "RecordIntegration",
        by,
        **MAIRIE,
        state="QUALIFIED",
        evidenceUrl=PROOF,
        reason="Recette validée",
    )
    assert (done["state"], done["evidenceLevel"]) == ("QUALIFIED", "EVIDENCED")
    assert (done["evidenceUrl"], done["reason"]) == (PROOF, "Recette validée")
    seen = (await ask("Declarations", vendorSiren=SILENT, slug="mairie"))["product"]
    assert seen["verdict"] == "COST_UNKNOWN"
    assert [row["state"] for row in seen["integrationHistory"]] == ["QUALIFIED", "PLANNED", "NONE"]
    assert [entry[:2] for entry in await written()] == [("record", "integration")] * 2


async def test_nothing_is_promised_for_a_day_that_has_passed(
    write: Ask, token: Token, written: Written
) -> None:
    by, day = await token(SILENT), today() - timedelta(days=3)
    step = MAIRIE | {"state": "PLANNED", "effectiveOn": str(day)}
    sooner = str(day - timedelta(days=1))
    assert faults(await write("RecordIntegration", by, **step, targetDate=sooner)) == ["targetDate"]
    made = await write("RecordIntegration", by, **step, targetDate=str(day))
    again = MAIRIE | {"step": made["id"], "targetDate": str(today() - timedelta(days=1))}
    refused = await write("AmendIntegration", by, **again)
    assert faults(refused) == ["targetDate"]
    assert "dire une date à venir, ou l’étape déjà atteinte" in refused["message"]
    amended = await write("AmendIntegration", by, **again | {"targetDate": str(today())})
    assert (amended["id"], amended["late"]) == (made["id"], False)
    assert [entry[0] for entry in await written()] == ["record", "amend"]


async def test_a_former_key_of_the_product_is_accepted(write: Ask, token: Token) -> None:
    step = {"vendorSiren": AUBEPINE, "product": "ancien", "service": "FRANCECONNECT_V1"}
    made = await write("RecordIntegration", await token(EBENE), **step, state="SANDBOX")
    assert made["state"] == "SANDBOX"


async def test_only_its_vendor_declares(write: Ask, token: Token, ministry: str) -> None:
    step = V1 | {"state": "SANDBOX"}
    assert (await write("RecordIntegration", **step))["__typename"] == "NotSignedIn"
    for by in (await token(AUBEPINE), ministry):
        assert (await write("RecordIntegration", by, **step))["__typename"] == "NotAllowed"


async def test_a_product_that_does_not_exist_is_told_to_its_vendor_alone(
    write: Ask, token: Token
) -> None:
    step = {"vendorSiren": EBENE, "product": "autre", "service": "FRANCECONNECT_V1"}
    given = step | {"state": "SANDBOX"}
    own = await write("RecordIntegration", await token(EBENE), **given)
    assert (own["__typename"], own["field"]) == ("NotFound", "product")
    other = await write("RecordIntegration", await token(AUBEPINE), **given)
    assert other["__typename"] == "NotAllowed"


async def test_an_arrow_that_does_not_exist_is_refused(
    write: Ask, token: Token, written: Written
) -> None:
    refused = await write("RecordIntegration", await token(EBENE), **V2, state="SANDBOX")
    assert (refused["__typename"], refused["currentState"]) == ("NotInThisState", "QUALIFIED")
    assert refused["allowed"] == ["SUSPENDED", "WITHDRAWN"]
    assert await written() == []


async def test_every_fault_of_a_step_is_told(write: Ask, token: Token) -> None:
    refused = await write(
        "RecordIntegration",
        await token(EBENE),
        **V1,
        state="PLANNED",
        feeds=["QUOTIENT_FAMILIAL"],
        minVersion="x" * 201,
        reason="\u202e",
        evidenceUrl="javascript:alert(1)",
        effectiveOn=str(today() + timedelta(days=1)),
    )
    assert faults(refused) == [
        "feeds",
        "targetDate",
        "minVersion",
        "reason",
        "evidenceUrl",
        "effectiveOn",
    ]


@pytest.mark.parametrize(
    ("service", "given", "field"),
    [
        ("API_PARTICULIER", {"feeds": ["AVIS_IMPOSITION"]}, "feeds"),
        ("API_IMPOT_PARTICULIER", {"feeds": ["STATUT_ETUDIANT"]}, "feeds"),
        ("API_PARTICULIER", {"targetDate": "0001-01-01"}, "targetDate"),
        ("API_IMPOT_PARTICULIER", {"effectiveOn": "0001-01-01"}, "effectiveOn"),
        ("FRANCECONNECT_V2", {"effectiveOn": "2023-06-01"}, "effectiveOn"),
    ],
)
async def test_what_can_not_be_said(
    write: Ask, token: Token, service: str, given: dict[str, Any], field: str
) -> None:
    step = FAMILLE | {"service": service, "state": "WITHDRAWN"} | given
    assert faults(await write("RecordIntegration", await token(EBENE), **step)) == [field]


async def test_a_data_api_tells_what_it_fills_in(write: Ask, token: Token) -> None:
    made = await write(
        "RecordIntegration",
        await token(EBENE),
        **FAMILLE,
        service="API_PARTICULIER",
        state="QUALIFIED",
        feeds=["STATUT_BOURSIER", "QUOTIENT_FAMILIAL", "STATUT_BOURSIER"],
    )
    assert made["feeds"] == ["STATUT_BOURSIER", "QUOTIENT_FAMILIAL"]


async def last_step(ask: Ask, key: dict[str, str]) -> str:
    seen = await ask("Declarations", vendorSiren=key["vendorSiren"], slug=key["product"])
    rows = seen["product"]["integrationHistory"]
    return str(next(row["id"] for row in rows if row["service"] == key["service"]))


async def test_the_ministry_verifies_and_a_vendor_s_change_brings_it_back(
    write: Ask, ask: Ask, token: Token, ministry: str, written: Written
) -> None:
    step = await last_step(ask, V2)
    seen = await write("ReviewIntegration", ministry, **V2, step=step, decision="VERIFY")
    assert (seen["evidenceLevel"], seen["state"]) == ("VERIFIED", "QUALIFIED")
    assert (seen["reviewedOn"], seen["id"]) == (str(today()), step)
    again = await write("ReviewIntegration", ministry, **V2, step=step, decision="VERIFY")
    assert again["__typename"] == "Conflict"
    by = await token(EBENE)
    amended = await write("AmendIntegration", by, **V2, step=step, minVersion="4.3")
    assert (amended["evidenceLevel"], amended["minVersion"]) == ("SELF_DECLARED", "4.3")
    assert (amended["reviewedOn"], amended["id"]) == (None, step)
    proved = await write("AmendIntegration", by, **V2, step=step, evidenceUrl=PROOF)
    assert (proved["evidenceLevel"], proved["minVersion"]) == ("EVIDENCED", None)
    assert [entry[0] for entry in await written()] == ["verify", "amend", "amend"]


async def test_a_vendor_confirms_what_was_verified_and_it_stays_so(
    write: Ask, ask: Ask, token: Token, ministry: str, written: Written
) -> None:
    step = await last_step(ask, V2)
    seen = await write("ReviewIntegration", ministry, **V2, step=step, decision="VERIFY")
    by = await token(EBENE)
    again = await write("ConfirmIntegration", by, **V2, step=step)
    kept = ("id", "state", "effectiveOn", "evidenceLevel", "evidenceUrl", "reviewedOn")
    assert [again[name] for name in kept] == [seen[name] for name in kept]
    assert again["confirmedOn"] == str(today())
    refused = await write("ConfirmIntegration", await token(AUBEPINE), **V2, step=step)
    assert refused["__typename"] == "NotAllowed"
    assert [entry[0] for entry in await written()] == ["verify", "confirm"]


async def test_what_is_sent_back_stands_on_its_author_s_word(
    write: Ask, ask: Ask, ministry: str, written: Written
) -> None:
    step = await last_step(ask, V2)
    back = V2 | {"step": step, "decision": "SEND_BACK"}
    assert faults(await write("ReviewIntegration", ministry, **back)) == ["reason"]
    seen = await write("ReviewIntegration", ministry, **back, reason="Pièce illisible")
    assert (seen["state"], seen["evidenceLevel"]) == ("QUALIFIED", "SELF_DECLARED")
    assert (seen["review"], seen["reviewedOn"]) == ("Pièce illisible", str(today()))
    assert [entry[:2] for entry in await written()] == [("send_back", "integration")]


async def test_a_request_for_qualification_goes_back_to_the_sandbox(
    write: Ask, ask: Ask, token: Token, ministry: str, written: Written
) -> None:
    by = await token(EBENE)
    asked = await write(
        "RecordIntegration", by, **V1, state="QUALIFICATION_REQUESTED", minVersion="5"
    )
    review = V1 | {"decision": "SEND_BACK", "reason": "Bouton non conforme"}
    back = await write("ReviewIntegration", ministry, **review, step=asked["id"])
    assert (back["state"], back["declaredBy"]) == ("SANDBOX", "MINISTRY")
    assert (back["reason"], back["minVersion"]) == ("Bouton non conforme", "5")
    assert back["id"] != asked["id"]
    own = await write("ReviewIntegration", ministry, **review, step=back["id"])
    assert own["__typename"] == "NotAllowed"
    amended = await write("AmendIntegration", by, **V1, step=back["id"])
    assert amended["__typename"] == "NotAllowed"
    again = await write("RecordIntegration", by, **V1, state="QUALIFICATION_REQUESTED")
    assert again["state"] == "QUALIFICATION_REQUESTED"
    assert [entry[0] for entry in await written()] == ["record", "send_back", "record"]


async def test_a_review_is_of_the_step_that_was_read(
    write: Ask, ask: Ask, token: Token, ministry: str, written: Written
) -> None:
    step = await last_step(ask, V2)
    await write("RecordIntegration", await token(EBENE), **V2, state="SUSPENDED")
    late = await write("ReviewIntegration", ministry, **V2, step=step, decision="VERIFY")
    assert late["__typename"] == "Conflict"
    assert [entry[0] for entry in await written()] == ["record"]


async def test_the_ministry_reviews_what_others_declared(
    write: Ask, ask: Ask, token: Token, ministry: str
) -> None:
    step = await last_step(ask, V2)
    review = V2 | {"step": step, "decision": "VERIFY"}
    assert (await write("ReviewIntegration", **review))["__typename"] == "NotSignedIn"
    vendor = await write("ReviewIntegration", await token(EBENE), **review)
    assert vendor["__typename"] == "NotAllowed"
    its_own = MAIRIE | {"step": await last_step(ask, MAIRIE), "decision": "VERIFY"}
    assert (await write("ReviewIntegration", ministry, **its_own))["__typename"] == "NotAllowed"


async def test_a_ministry_that_is_a_vendor_does_not_verify_itself(
    write: Ask, ask: Ask, token: Token
) -> None:
    by = await token(EBENE, ministry=True)
    step = await last_step(ask, V2)
    refused = await write("ReviewIntegration", by, **V2, step=step, decision="VERIFY")
    assert refused["__typename"] == "NotAllowed"


async def test_a_review_of_nothing(write: Ask, ask: Ask, ministry: str) -> None:
    step = await last_step(ask, V2)
    nothing = await write("ReviewIntegration", ministry, **V1, step=step, decision="VERIFY")
    assert (nothing["__typename"], nothing["field"]) == ("NotFound", "service")
    vendor = (await ask("Vendor", siren=EBENE))["vendor"]["id"]
    for wrong in ("x", vendor):
        refused = await write("ReviewIntegration", ministry, **V2, step=wrong, decision="VERIFY")
        assert faults(refused) == ["step"]


async def test_the_ministry_suspends_what_is_qualified(
    write: Ask, ask: Ask, token: Token, ministry: str, written: Written
) -> None:
    assert faults(await write("SuspendIntegration", ministry, **V2, reason=" ")) == ["reason"]
    by = await token(EBENE)
    reason = {"reason": "Le bouton a disparu"}
    assert (await write("SuspendIntegration", by, **V2, **reason))["__typename"] == "NotAllowed"
    done = await write("SuspendIntegration", ministry, **V2, **reason)
    assert (done["state"], done["declaredBy"]) == ("SUSPENDED", "MINISTRY")
    assert (done["reason"], done["minVersion"]) == ("Le bouton a disparu", "4.2")
    seen = (await ask("Declarations", vendorSiren=EBENE, slug="famille"))["product"]
    assert seen["verdict"] == "NOT_INTEGRATED"
    again = await write("SuspendIntegration", ministry, **V2, **reason)
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "SUSPENDED")
    assert [entry[0] for entry in await written()] == ["suspend"]


async def test_a_repeated_key_gives_the_step_again(
    write: Ask, token: Token, written: Written
) -> None:
    by = await token(EBENE)
    given = V1 | {"state": "SANDBOX", "idempotencyKey": "une"}
    first = await write("RecordIntegration", by, **given)
    assert await write("RecordIntegration", by, **given) == first
    assert len(await written()) == 1


async def test_an_unknown_vendor(write: Ask, ministry: str) -> None:
    key = {"vendorSiren": siren(99960000), "product": "x", "service": "FRANCECONNECT_V2"}
    refused = await write("SuspendIntegration", ministry, **key, reason="Motif")
    assert (refused["__typename"], refused["field"]) == ("NotFound", "vendorSiren")
