import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask
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
