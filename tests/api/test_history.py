from typing import Any

from tests.api.conftest import Ask, Token
from tests.api.sides import EBENE, TOWN, Sides, link, town
from tests.factories import siren

OWN = siren(99970000)
FAMILLE = {"vendorSiren": EBENE, "product": "famille"}
V2 = "FRANCECONNECT_V2"


def nodes(found: Any) -> list[Any]:
    return [edge["node"] for edge in found["edges"]]


async def test_who_wrote_what_and_from_what(ask: Ask, write: Ask, token: Token) -> None:
    await write("RegisterVendor", await token(OWN), siren=OWN, name="Orme")
    history = (await ask("VendorHistory", siren=OWN))["vendor"]["history"]
    assert history["totalCount"] == 1
    (entry,) = [edge["node"] for edge in history["edges"]]
    assert (entry["noun"], entry["action"], entry["organisation"]) == ("vendor", "create", OWN)
    assert entry["organisationName"] == "Orme"
    assert {"field": "name", "before": None, "after": "Orme"} in entry["changes"]


async def test_a_product_tells_what_was_said_of_it(ask: Ask, write: Ask, sides: Sides) -> None:
    v1 = FAMILLE | {"service": "FRANCECONNECT_V1"}
    await write("RecordIntegration", sides.vendor, **v1, state="SANDBOX")
    await write("SuspendIntegration", sides.ministry, **FAMILLE, service=V2, reason="En panne.")
    found = (await ask("ProductHistory", vendorSiren=EBENE, slug="famille"))["product"]["history"]
    assert [(node["from"], node["to"], node["declaredBy"]) for node in nodes(found)] == [
        ("QUALIFIED", "SUSPENDED", "MINISTRY"),
        (None, "SANDBOX", "VENDOR"),
    ]
    assert nodes(found)[0]["reason"] == "En panne."
    assert "account:" not in str(found)
    first = await ask("ProductHistory", vendorSiren=EBENE, slug="famille", first=1)
    page = first["product"]["history"]["pageInfo"]
    second = await ask("ProductHistory", vendorSiren=EBENE, slug="famille", after=page["endCursor"])
    assert nodes(second["product"]["history"]) == nodes(found)[1:]


async def test_a_review_tells_the_words_of_who_reviews(ask: Ask, write: Ask, sides: Sides) -> None:
    """Not those of the vendor, whose step it is about; nor is the vendor's proof the ministry's."""
    v1 = FAMILLE | {"service": "FRANCECONNECT_V1"}
    said = {"reason": "Nous y sommes.", "evidenceUrl": "https://ebene.example/recette"}
    step = await write("RecordIntegration", sides.vendor, **v1, state="QUALIFIED", **said)
    assert step["__typename"] == "Integration", step
    review = {**v1, "step": step["id"]}
    for decision, reason in (("VERIFY", None), ("SEND_BACK", "Pas de recette.")):
        await write("ReviewIntegration", sides.ministry, **review, decision=decision, reason=reason)
    found = (await ask("ProductHistory", vendorSiren=EBENE, slug="famille"))["product"]["history"]
    told = [
        (node["reason"], node["evidenceUrl"], node["organisation"] == EBENE)
        for node in nodes(found)
    ]
    assert told == [
        ("Pas de recette.", None, False),
        (None, None, False),
        (said["reason"], said["evidenceUrl"], True),
    ]


async def test_a_use_and_its_town_tell_who_declared_and_confirmed_it(
    ask: Ask, write: Ask, sides: Sides
) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link())
    done = await write("ConfirmDeployment", sides.town, id=made["id"])
    assert done["__typename"] == "Deployment", done
    of_use = (await ask("NodeHistory", id=made["id"]))["node"]["history"]
    of_town = (await ask("CollectiviteHistory", code=TOWN))["collectivite"]["history"]
    for found in (of_use, of_town):
        assert found["totalCount"] == 2
        assert [node["organisation"] for node in nodes(found)] == [town(TOWN), EBENE]
        assert nodes(found)[0]["changes"] == [
            {"field": "confirmed_by", "before": None, "after": "COLLECTIVITE"}
        ]


async def test_what_only_some_may_read_tells_its_history_to_them_alone(
    write: Ask, read_as: Ask, sides: Sides, token: Token
) -> None:
    eloise = await token(town("01002"))
    dispute = await write(
        "OpenDispute",
        eloise,
        collectivite="01002",
        **FAMILLE,
        kind="SURCHARGE",
        statement="Un devis.",
    )
    claim = await write("ClaimGrant", eloise, collectivite="01002")
    software = await write(
        "NameSoftware", eloise, collectivite="01002", name="Inconnu", demarches=["AUTRE"]
    )
    for made, count in ((dispute, 2), (claim, 3), (software, 1)):
        for by in (eloise, sides.ministry):
            node = (await read_as("NodeHistory", by, id=made["id"]))["node"]
            assert node["history"]["totalCount"] == count
            assert nodes(node["history"])[-1]["organisation"] == town("01002")
        for by in (None, sides.neighbour):
            assert (await read_as("NodeHistory", by, id=made["id"]))["node"] is None


async def test_the_campaign_keeps_what_it_was(ask: Ask, write: Ask, ministry: str) -> None:
    version = (await ask("Campaign"))["campaign"]["version"]
    edited = await write("EditCampaign", ministry, version=version, totalTarget=5100)
    assert edited["__typename"] == "Campaign"
    history = (await ask("CampaignHistory", first=1))["campaign"]["history"]
    (entry,) = [edge["node"] for edge in history["edges"]]
    assert (entry["noun"], entry["action"]) == ("campaign", "edit")
    assert {"field": "total_target", "before": "5000", "after": "5100"} in entry["changes"]
    assert "account:" not in str(history)
