import asyncio

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask, Token, Written
from tests.api.test_vendors import EBENE


@pytest.mark.usefixtures("world")
async def test_the_charter_its_signatories_and_targets(ask: Ask) -> None:
    campaign = (await ask("Campaign"))["campaign"]
    assert (campaign["charterVersion"], campaign["signedOn"], campaign["deadline"]) == (
        "2022-03-07",
        "2022-03-07",
        "2022-12-31",
    )
    charter = campaign["charter"]
    assert charter["version"] == "2022-03-07"
    assert "sans surcoût" in charter["text"]
    assert "Ce n’est pas le texte officiel" in charter["text"]
    assert len(campaign["signatories"]) == 13
    assert campaign["signatoryVendors"] == [
        {"signedOn": "2024-01-10", "vendor": {"siren": EBENE, "name": "Ébène Logiciels"}}
    ]
    assert campaign["targets"] == [
        {"stratum": "DEPARTEMENT", "share": 1.0},
        {"stratum": "EPCI", "share": 0.5},
        {"stratum": "COMMUNE_OVER_3500", "share": 0.5},
        {"stratum": "COMMUNE_UP_TO_3500", "share": 0.1},
    ]
    assert (campaign["totalTarget"], campaign["grantAmountCents"]) == (5000, 500000)
    assert campaign["vintage"] == 2026
    assert campaign["acceptedServices"] == ["FRANCECONNECT_V1", "FRANCECONNECT_V2"]


async def test_a_charter_whose_text_the_registry_lacks(database: Database, ask: Ask) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE campaign SET charter_version = '2030-01-01'"))
    try:
        charter = (await ask("Campaign"))["campaign"]["charter"]
    finally:
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(sa.text("UPDATE campaign SET charter_version = '2022-03-07'"))
    assert charter == {"version": "2030-01-01", "text": None}


async def test_a_registry_without_geography_has_no_vintage(ask: Ask) -> None:
    campaign = (await ask("Campaign"))["campaign"]
    assert (campaign["vintage"], campaign["signatoryVendors"]) == (None, [])


async def version(ask: Ask) -> int:
    found: int = (await ask("Campaign"))["campaign"]["version"]
    return found


async def test_the_ministry_edits_what_it_names_and_nothing_else(
    ask: Ask, write: Ask, ministry: str, written: Written
) -> None:
    before = (await ask("Campaign"))["campaign"]
    edited = await write(
        "EditCampaign",
        ministry,
        version=before["version"],
        targets=[{"stratum": "EPCI", "share": 0.6251}, {"stratum": "DEPARTEMENT", "share": 1}],
        totalTarget=6000,
    )
    assert (edited["__typename"], edited["version"]) == ("Campaign", before["version"] + 1)
    after = (await ask("Campaign"))["campaign"]
    assert {target["stratum"]: target["share"] for target in after["targets"]} == {
        "DEPARTEMENT": 1.0,
        "EPCI": 0.6251,
        "COMMUNE_OVER_3500": 0.5,
        "COMMUNE_UP_TO_3500": 0.1,
    }
    assert after["totalTarget"] == 6000
    for unchanged in ("deadline", "acceptedServices", "grantAmountCents"):
        assert after[unchanged] == before[unchanged]
    assert [entry[:2] for entry in await written()] == [("edit", "campaign"), ("edit", "target")]
    edited = await write(
        "EditCampaign",
        ministry,
        version=after["version"],
        deadline="2027-12-31",
        grantAmountCents=600000,
    )
    assert (edited["deadline"], edited["grantAmountCents"]) == ("2027-12-31", 600000)
    assert len(await written()) == 3


@pytest.mark.usefixtures("world")
async def test_accepted_services_change_who_blocks_at_once(
    ask: Ask, write: Ask, ministry: str
) -> None:
    async def blocking() -> dict[str, int]:
        edges = (await ask("Blockers"))["blockers"]["edges"]
        return {edge["node"]["product"]["slug"]: edge["node"]["blocked"] for edge in edges}

    assert await blocking() == {"mairie": 1, "guichet": 1}
    closed = {"version": await version(ask), "acceptedServices": ["FRANCECONNECT_V1"]}
    assert (await write("EditCampaign", ministry, **closed))["acceptedServices"] == [
        "FRANCECONNECT_V1"
    ]
    assert await blocking() == {"famille": 2, "mairie": 2, "cantine": 1, "guichet": 1}
    opened = {
        "version": await version(ask),
        "acceptedServices": ["FRANCECONNECT_V2", "FRANCECONNECT_V1"],
    }
    await write("EditCampaign", ministry, **opened)
    assert await blocking() == {"mairie": 1, "guichet": 1}


async def test_of_two_edits_of_one_version_the_second_is_refused(
    ask: Ask, write: Ask, ministry: str, written: Written
) -> None:
    read = await version(ask)
    shares = [[{"stratum": "EPCI", "share": share}] for share in (0.6, 0.7)]
    both = await asyncio.gather(
        *(write("EditCampaign", ministry, version=read, targets=targets) for targets in shares)
    )
    by_type = {answer["__typename"]: answer for answer in both}
    assert by_type.keys() == {"Campaign", "Conflict"}
    assert by_type["Conflict"]["currentVersion"] == read + 1
    assert [entry[:2] for entry in await written()] == [("edit", "campaign"), ("edit", "target")]


async def test_the_ministry_alone_edits(
    ask: Ask, write: Ask, token: Token, ministry: str, written: Written
) -> None:
    given = {"version": await version(ask), "totalTarget": 1}
    vendor = await token(EBENE)
    assert (await write("EditCampaign", **given))["__typename"] == "NotSignedIn"
    assert (await write("EditCampaign", vendor, **given))["__typename"] == "NotAllowed"
    assert await written() == []


async def test_every_fault_of_an_edit_is_told(
    ask: Ask, write: Ask, ministry: str, written: Written
) -> None:
    refused = await write(
        "EditCampaign",
        ministry,
        version=await version(ask),
        targets=[{"stratum": "EPCI", "share": 1.5}],
        totalTarget=0,
        acceptedServices=["FRANCECONNECT_V1", "API_PARTICULIER"],
        deadline="2022-03-06",
        grantAmountCents=-1,
    )
    assert [fault["field"] for fault in refused["errors"]] == [
        "targets",
        "totalTarget",
        "acceptedServices",
        "deadline",
        "grantAmountCents",
    ]
    assert await written() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"targets": [{"stratum": "EPCI", "share": share}]}, "targets")
        for share in (0, -0.5, 1.0001, 0.12345, 1e300, 1e-300)
    ]
    + [
        ({"targets": [{"stratum": "EPCI", "share": 0.5}] * 2}, "targets"),
        ({"acceptedServices": []}, "acceptedServices"),
        ({"deadline": "2200-01-01"}, "deadline"),
    ],
)
async def test_what_a_campaign_can_not_be(
    ask: Ask, write: Ask, ministry: str, given: dict[str, object], field: str
) -> None:
    refused = await write("EditCampaign", ministry, version=await version(ask), **given)
    assert [fault["field"] for fault in refused["errors"]] == [field]


async def test_an_edit_repeated_under_its_key_happens_once(
    ask: Ask, write: Ask, ministry: str, written: Written
) -> None:
    given = {"version": await version(ask), "totalTarget": 6000, "idempotencyKey": "un"}
    first = await write("EditCampaign", ministry, **given)
    assert await write("EditCampaign", ministry, **given) == first
    assert len(await written()) == 1
