from datetime import date

import pytest
import sqlalchemy as sa

from models import TokenScope
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import MINISTRY, Ask, Token
from tests.api.test_vendors import EBENE
from tests.factories import establishment, siren

TOWN, SYNDICAT, NOBODY = siren(21001001), siren(99960000), siren(99960001)

pytestmark = pytest.mark.usefixtures("world")


async def operated(database: Database, until: date | None) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "UPDATE deployment SET operator = :operator, until = :until WHERE id ="
                " (SELECT min(id) FROM deployment WHERE until IS NULL)"
            ),
            {"operator": SYNDICAT, "until": until},
        )


async def test_the_public_is_nobody(ask: Ask) -> None:
    assert (await ask("Me"))["me"] is None


async def test_a_person_of_a_vendor(read_as: Ask, person: Token) -> None:
    assert (await read_as("Me", await person(EBENE)))["me"] == {
        "organisation": {
            "siren": EBENE,
            "siret": establishment(EBENE),
            "label": "Organisation",
        },
        "actsFor": [EBENE],
        "roles": ["VENDOR"],
        "scopes": None,
        "vendors": [{"siren": EBENE, "name": "Ébène Logiciels"}],
        "collectivites": [],
        "tokens": [],
        "delegations": [],
        "allowedSirets": None,
    }


async def test_a_machine_of_a_town(read_as: Ask, token: Token) -> None:
    me = (await read_as("Me", await token(TOWN, scopes=[TokenScope.READ])))["me"]
    assert (me["roles"], me["scopes"], me["organisation"]["label"]) == (
        ["COLLECTIVITE"],
        ["READ"],
        None,
    )
    assert me["collectivites"] == [{"code": "01001", "name": "Saint-Étienne-du-Bois"}]
    assert [listed["name"] for listed in me["tokens"]] == ["essai"]


async def test_a_former_siren_is_its_successor_s(read_as: Ask, person: Token) -> None:
    me = (await read_as("Me", await person(siren(21009999))))["me"]
    assert [town["code"] for town in me["collectivites"]] == ["01001"]


async def test_the_ministry(read_as: Ask, ministry: str) -> None:
    me = (await read_as("Me", ministry))["me"]
    assert me["roles"] == ["MINISTRY"]
    assert me["allowedSirets"] is None


async def test_an_operator_as_long_as_it_operates(
    read_as: Ask, person: Token, database: Database
) -> None:
    by = await person(SYNDICAT)
    assert (await read_as("Me", by))["me"]["roles"] == []
    await operated(database, None)
    assert (await read_as("Me", by))["me"]["roles"] == ["OPERATOR"]
    await operated(database, date(2024, 1, 1))


async def test_an_organisation_that_the_registry_does_not_know(read_as: Ask, person: Token) -> None:
    me = (await read_as("Me", await person(NOBODY)))["me"]
    assert (me["organisation"]["siren"], me["roles"]) == (NOBODY, [])
    assert MINISTRY not in me["actsFor"]
