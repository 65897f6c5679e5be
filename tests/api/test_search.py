import pytest

from models import CollectiviteFormerCode
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask
from tests.api.test_vendors import EBENE
from tests.factories import add, commune, siren

pytestmark = pytest.mark.usefixtures("world")


async def names(ask: Ask, text: str, **variables: int) -> list[str]:
    return [found["name"] for found in (await ask("Search", text=text, **variables))["search"]]


@pytest.mark.parametrize("text", ["saint etienne", "SAINT-ÉTIENNE", "etien saint", "  Saint-Eti "])
async def test_accents_case_and_order_of_words_do_not_matter(ask: Ask, text: str) -> None:
    found = await names(ask, text)
    assert found == ["Saint-Étienne-du-Bois", "Saint-Étienne-sur-Chalaronne"]


async def test_every_noun_is_found(ask: Ask) -> None:
    found = (await ask("Search", text="ébè"))["search"]
    assert [(item["__typename"], item["name"]) for item in found] == [
        ("Vendor", "Ébène Logiciels"),
        ("Product", "Ébène Interne"),
    ]


async def test_the_exact_name_comes_first_then_the_names_that_begin_so(ask: Ask) -> None:
    assert await names(ask, "le bois") == ["Le Bois"]
    assert await names(ask, "cantine") == ["Cantine"]
    assert await names(ask, "e") == [
        "Éloise",
        "Étrez",
        "Ébène Logiciels",
        "Éditions du Silence",
        "e-Mairie",
        "Ébène Interne",
        "Saint-Étienne-du-Bois",
        "Saint-Étienne-sur-Chalaronne",
        "Guichet Été",
    ]


async def test_a_key_is_found_as_well(ask: Ask) -> None:
    assert await names(ask, "01002") == ["Éloise"]
    assert await names(ask, EBENE) == ["Ébène Logiciels"]
    assert await names(ask, siren(20000000)[:7]) == ["CC du Val d’Ain"]


async def test_accents_that_are_typed_tell_two_names_apart(ask: Ask, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, commune("42000", "Loire", 90_000), commune("49001", "Loiré", 900))
    assert await names(ask, "Loiré") == ["Loiré", "Loire"]
    assert await names(ask, "loire") == ["Loire", "Loiré"]


@pytest.mark.parametrize("code", ["13201", "13 201", "13008"])
async def test_a_code_finds_its_commune(ask: Ask, database: Database, code: str) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        marseille = commune("13055", "Marseille", 870_000)
        marseille.postal_codes = ["13008"]
        await add(session, marseille)
        await add(
            session, CollectiviteFormerCode(former_code="13201", collectivite_id=marseille.id)
        )
    assert await names(ask, code) == ["Marseille"]
    assert await names(ask, "13217") == []


async def test_a_closed_collectivite_is_left_out(ask: Ask) -> None:
    assert await names(ask, "vieux") == []


async def test_first_bounds_it(ask: Ask) -> None:
    assert await names(ask, "saint", first=1) == ["Saint-Étienne-du-Bois"]


@pytest.mark.parametrize("text", ["", "   ", "!?", "' & | !", "\\"])
async def test_text_without_a_word_finds_nothing(ask: Ask, text: str) -> None:
    assert await names(ask, text) == []


async def test_too_long_a_text_is_refused(refusal: Ask) -> None:
    refused = await refusal("Search", text="a" * 201)
    assert refused == {"code": "BAD_USER_INPUT", "field": "text"}
