"""Keyset pages: everything once, in both directions, whatever the order."""

import base64
from typing import Any

import pytest

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.collectivites import CollectiviteOrder
from registry.domain.products import ProductOrder
from registry.domain.vendors import VendorOrder
from tests.api.conftest import Ask
from tests.factories import add, commune, product, vendor

LISTS = [
    (operation, root, order.value)
    for operation, root, orders in (
        ("Vendors", "vendors", VendorOrder),
        ("Products", "products", ProductOrder),
        ("Collectivites", "collectivites", CollectiviteOrder),
    )
    for order in orders
]

KEYS: dict[str, Any] = {
    "vendors": lambda node: node["siren"],
    "products": lambda node: (node["vendor"]["siren"], node["slug"]),
    "collectivites": lambda node: node["code"],
}


@pytest.fixture
async def twins(database: Database) -> None:
    """Names and populations that several share, some unknown, so that only the key tells."""
    async with database.transaction(ADMINISTRATOR) as session:
        owners = [vendor(50000000 + n, f"Nom {n // 3}") for n in range(7)]
        await add(session, *owners)
        owned = [product(owner, slug, "Même nom") for owner in owners[:3] for slug in ("a", "b")]
        await add(session, *owned)
        towns = [
            commune(f"01{n:03d}", f"Ville {n // 4}", None if n % 3 == 0 else n % 5 * 10)
            for n in range(11)
        ]
        await add(session, *towns)


async def walk(ask: Ask, operation: str, root: str, order: str, *, size: int) -> list[Any]:
    found, after, first = [], None, True
    while True:
        page = (await ask(operation, first=size, after=after, orderBy=order))[root]
        assert page["pageInfo"]["hasPreviousPage"] is not first
        found += page["edges"]
        after, first = page["pageInfo"]["endCursor"], False
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def walk_back(ask: Ask, operation: str, root: str, order: str, *, size: int) -> list[Any]:
    found: list[Any] = []
    before, first = None, True
    while True:
        page = (await ask(operation, last=size, before=before, orderBy=order))[root]
        assert page["pageInfo"]["hasNextPage"] is not first
        found = page["edges"] + found
        before, first = page["pageInfo"]["startCursor"], False
        if not page["pageInfo"]["hasPreviousPage"]:
            return found


@pytest.mark.usefixtures("twins")
@pytest.mark.parametrize(("operation", "root", "order"), LISTS)
async def test_a_walk_meets_everything_once_in_both_directions(
    ask: Ask, operation: str, root: str, order: str
) -> None:
    whole = (await ask(operation, first=200, orderBy=order))[root]
    keys = [KEYS[root](edge["node"]) for edge in whole["edges"]]
    assert len(set(keys)) == len(keys) == whole["totalCount"] > 5
    for size in (2, 3):
        assert await walk(ask, operation, root, order, size=size) == whole["edges"]
        assert await walk_back(ask, operation, root, order, size=size) == whole["edges"]


@pytest.mark.usefixtures("twins")
@pytest.mark.parametrize(("operation", "root", "order"), LISTS)
async def test_a_list_is_in_its_order(ask: Ask, operation: str, root: str, order: str) -> None:
    nodes = [edge["node"] for edge in (await ask(operation, orderBy=order))[root]["edges"]]
    by, direction = order.rsplit("_", 1)
    values = {
        "NAME": [node["name"] for node in nodes],
        "KEY": [KEYS[root](node) for node in nodes],
        "POPULATION": [
            -1 if node.get("population") is None else node["population"] for node in nodes
        ],
    }[by]
    assert values == sorted(values, reverse=direction == "DESC")
    assert len(set(values)) > 1 or root == "products"


@pytest.mark.usefixtures("twins")
async def test_a_window_between_two_cursors(ask: Ask) -> None:
    edges = (await ask("Vendors"))["vendors"]["edges"]
    after, before = edges[0]["cursor"], edges[5]["cursor"]
    for end in ({"first": 10}, {"last": 10}):
        page = (await ask("Vendors", after=after, before=before, **end))["vendors"]
        assert page["edges"] == edges[1:5]
        assert page["totalCount"] == 7


@pytest.mark.usefixtures("twins")
async def test_a_row_inserted_before_the_cursor_moves_nothing(ask: Ask, database: Database) -> None:
    head = (await ask("Vendors", first=3))["vendors"]
    rest = (await ask("Vendors", first=3, after=head["pageInfo"]["endCursor"]))["vendors"]
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, vendor(40000000, "Abc"))
    again = (await ask("Vendors", first=3, after=head["pageInfo"]["endCursor"]))["vendors"]
    assert again["edges"] == rest["edges"]


async def test_an_empty_list_is_a_page(ask: Ask) -> None:
    page = (await ask("Vendors"))["vendors"]
    assert (page["totalCount"], page["edges"]) == (0, [])
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FORGED = [
    "",
    "%%%",
    "é",
    "a" * 5000,
    cursor("null"),
    cursor("[]"),
    cursor('["vendor.name"]'),
    cursor('["vendor.name","a",1]'),
    cursor('["vendor.name", "a","b"]'),
    cursor('["vendor.name","a\\u0000","b"]'),
    cursor('["vendor.name","a","b"]') + "=",
    cursor("[" * 2000),
    cursor('["vendor.key","999900003"]'),
]


@pytest.mark.parametrize("field", ["after", "before"])
@pytest.mark.parametrize("forged", FORGED)
async def test_only_a_cursor_of_that_list_is_taken(refusal: Ask, field: str, forged: str) -> None:
    end = {"first": 5} if field == "after" else {"last": 5}
    refused = await refusal("Vendors", **end, **{field: forged})
    assert refused == {"code": "BAD_USER_INPUT", "field": field}


async def test_a_population_beyond_the_database_s_numbers_is_refused(refusal: Ask) -> None:
    forged = cursor(f'["collectivite.population",{2**63},"01001"]')
    refused = await refusal("Collectivites", after=forged, orderBy="POPULATION_ASC")
    assert refused == {"code": "BAD_USER_INPUT", "field": "after"}


@pytest.mark.parametrize("operation", ["Vendors", "Products", "Collectivites"])
@pytest.mark.parametrize(
    ("size", "field"),
    [
        ({"first": 201}, "first"),
        ({"first": -1}, "first"),
        ({"first": 0}, "first"),
        ({"last": 201}, "last"),
        ({"last": -1}, "last"),
        ({"last": 0}, "last"),
        ({"first": 1, "last": 1}, "last"),
    ],
)
async def test_a_size_out_of_bounds_is_refused(
    refusal: Ask, operation: str, size: dict[str, int], field: str
) -> None:
    assert await refusal(operation, **size) == {"code": "BAD_USER_INPUT", "field": field}


@pytest.mark.parametrize(
    ("operation", "variables"),
    [("Blockers", {}), ("Search", {"text": "a"}), ("BulkDeclarations", {})],
)
@pytest.mark.parametrize("first", [201, 0, -1])
async def test_so_it_is_of_the_other_lists(
    refusal: Ask, operation: str, variables: dict[str, str], first: int
) -> None:
    refused = await refusal(operation, first=first, **variables)
    assert refused == {"code": "BAD_USER_INPUT", "field": "first"}
