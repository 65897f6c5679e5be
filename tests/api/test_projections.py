"""What PostgreSQL answers as JSON and what is read row by row are the same bytes."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.app import create_app
from registry.database import Database
from registry.domain import projections
from registry.domain.actor import ADMINISTRATOR
from registry.domain.projections.types import TYPES
from registry.embedded import Addresses
from registry.settings import Settings
from tests.api.sides import AUBEPINE, EBENE
from tests.conftest import reset
from tests.effort import examples
from tests.factories import add, add_world, product, siren, vendor

AWKWARD = 'Guillemets " \\ / \t\n\r\b\f\x01\x1f\x7f é € \u2028 \U0001f600 </script>'
ODD = siren(99990009)

SIRENS = (EBENE, AUBEPINE, ODD, siren(12345678), "123", "")
SLUGS = ("famille", "guichet", "ancien", "p3", "absent", "Faux !")
CODES = ("01001", "01002", "01006", "01099", "97501", "2A004", siren(20000000), "x")

OBJECTS = {
    ("Vendor", "parent"): "Vendor",
    ("Vendor", "mergedInto"): "Vendor",
    ("Vendor", "products"): "Product",
    ("Product", "vendor"): "Vendor",
    ("Deployment", "product"): "Product",
    ("Deployment", "collectivite"): "Collectivite",
    ("Collectivite", "deployments"): "Deployment",
}
LISTS = {"vendors": "Vendor", "products": "Product", "collectivites": "Collectivite"}
ORDERS = ("NAME_ASC", "NAME_DESC", "KEY_ASC", "KEY_DESC")
DIRECTIVES = ("", "", "", " @include(if: true)", " @skip(if: $yes)", " @include(if: $no)")
VARIABLES = {"yes": True, "no": False, "two": 2, "nothing": None}
HEADER = "query ($yes: Boolean!, $no: Boolean!, $two: Int, $nothing: String)"
USED = "vendors(first: $two, after: $nothing) @skip(if: $yes) { totalCount @skip(if: $no) }"
CURSOR = re.compile("@([a-z]+)[.]([A-Z_]+)[.]([0-9])")

Both = Callable[[str], Awaitable[tuple[httpx2.Response, httpx2.Response]]]


@pytest.fixture(scope="module")
async def client(
    addresses: Addresses, shared_database: Database
) -> AsyncIterator[httpx2.AsyncClient]:
    await reset(addresses)
    async with shared_database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
        odd = vendor(99990009, AWKWARD, contact=AWKWARD, statement=AWKWARD)
        old = vendor(99990008, "Réuni")
        await add(session, odd)
        old.merged_into_id = odd.id
        await add(session, old)
        await add(session, *(product(odd, f"p{n}", f"{AWKWARD} {n // 2}") for n in range(5)))
    free = Settings(requests_per_minute=0, points_per_minute=0)
    transport = httpx2.ASGITransport(create_app(shared_database, free))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


@pytest.fixture(scope="module")
async def cursors(client: httpx2.AsyncClient) -> dict[tuple[str, str], list[str]]:
    found = {}
    for name in LISTS:
        for order in ORDERS:
            query = f"{{ {name}(orderBy: {order}) {{ edges {{ cursor }} }} }}"
            reply = await client.post("/graphql", json={"query": query})
            edges = reply.json()["data"][name]["edges"]
            found[name, order] = [edge["cursor"] for edge in edges]
    return found


@pytest.fixture(scope="module")
def both(client: httpx2.AsyncClient, cursors: dict[tuple[str, str], list[str]]) -> Both:
    def placed(match: re.Match[str]) -> str:
        listed = cursors[match[1], match[2]]
        return listed[int(match[3]) % len(listed)]

    async def ask(question: str) -> tuple[httpx2.Response, httpx2.Response]:
        body = {"query": CURSOR.sub(placed, question), "variables": VARIABLES}
        projected = await client.post("/graphql", json=body)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(projections, "ROOTS", {})
            return projected, await client.post("/graphql", json=body)

    return ask


@st.composite
def pages(draw: st.DrawFn, name: str) -> str:
    order = draw(st.sampled_from(["", *ORDERS]))
    cursor = f'"@{name}.{order or "NAME_ASC"}.{draw(st.integers(0, 4))}"'
    given = {"orderBy": order} if order else {}
    sizes = ("1", "2", "3", "200", "0", "$two", "null")
    bounds = (cursor, cursor, cursor, '"x"', "$nothing")
    for argument, values in (
        ("first", sizes),
        ("last", sizes),
        ("after", bounds),
        ("before", bounds),
    ):
        if draw(st.integers(0, 3)) == 0:
            given[argument] = draw(st.sampled_from(values))
    listed = ", ".join(f"{argument}: {value}" for argument, value in given.items())
    return f"({listed})" if listed else ""


@st.composite
def objects(draw: st.DrawFn, name: str, depth: int) -> str:
    known = [*TYPES[name], "__typename"]
    fields = [field for field in known if depth > 0 or (name, field) not in OBJECTS]
    chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=5))
    parts = [draw(field(name, chosen[n], f"a{n}", depth)) for n in range(len(chosen))]
    return f"{{ {' '.join(parts)} }}"


@st.composite
def field(draw: st.DrawFn, name: str, wanted: str, alias: str, depth: int) -> str:
    below, argued = "", ""
    if wanted == "products":
        argued, below = draw(pages("products")), draw(connections("Product", depth - 1))
    elif (name, wanted) in OBJECTS:
        below = draw(objects(OBJECTS[name, wanted], depth - 1))
    if wanted == "deployments":
        argued = draw(st.sampled_from(["", "(inForce: false)", "(inForce: $no)"]))
    if wanted == "verdict":
        argued = draw(st.sampled_from(["", '(asOf: "2024-01-15")', "(asOf: null)"]))
    named = bool(argued) or wanted == "products" or draw(st.booleans())
    text = f"{alias}: {wanted}" if named else wanted
    text += f"{argued}{draw(st.sampled_from(DIRECTIVES))} {below}"
    return text if draw(st.integers(0, 4)) else f"... on {name} {{ {text} }}"


@st.composite
def connections(draw: st.DrawFn, node: str, depth: int) -> str:
    parts = [
        f"edges {{ node {draw(objects(node, depth))} }}",
        f"e2: edges {{ at: cursor __typename node {draw(objects(node, 0))} cursor }}",
        "pageInfo { hasNextPage start: startCursor endCursor }",
        "p2: pageInfo { hasPreviousPage __typename }",
        "totalCount",
        "__typename",
    ]
    return f"{{ {' '.join(draw(st.lists(st.sampled_from(parts), min_size=1, unique=True)))} }}"


@st.composite
def questions(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(["vendor", "product", "collectivite", *LISTS]))
    if name in LISTS:
        asked = f"{draw(pages(name))} {draw(connections(LISTS[name], 2))}"
    else:
        key = {
            "vendor": f'siren: "{draw(st.sampled_from(SIRENS))}"',
            "product": f'vendorSiren: "{draw(st.sampled_from(SIRENS))}",'
            f' slug: "{draw(st.sampled_from(SLUGS))}"',
            "collectivite": f'code: "{draw(st.sampled_from(CODES))}"',
        }[name]
        asked = f"({key}) {draw(objects(name.capitalize(), 2))}"
    beside = draw(st.sampled_from(["", "campaign { name }", "b: vendors(first: 0) { totalCount }"]))
    return f"{HEADER} {{ root: {name}{asked} {USED} {beside} }}"


@settings(
    max_examples=examples(300),
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(question=questions())
async def test_both_ways_give_the_same_bytes(both: Both, question: str) -> None:
    projected, read = await both(question)
    assert projected.status_code == read.status_code
    assert projected.content == read.content, question


HOT = (
    f'{{ vendor(siren: "{ODD}") {{ name products {{ edges {{ node {{ slug name }} }} }} }} }}',
    "{ vendors(first: 100) { edges { node { name products { edges { node { slug } } } } } } }",
    '{ collectivite(code: "01001") { name deployments { product { name verdict vendor { name } } }'
    " } }",
    "{ products { totalCount pageInfo { endCursor } edges { node { name vendor { name } } } } }",
)


@pytest.mark.parametrize("query", HOT)
async def test_hot_questions_are_one_statement(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Nothing is read row by row."""
    monkeypatch.setattr(Database, "read", pytest.fail)
    reply = await client.post("/graphql", json={"query": query})
    assert reply.status_code == 200
    assert "errors" not in reply.json()


async def test_what_is_derived_is_not_read_where_something_changed_past_the_program(
    both: Both, addresses: Addresses
) -> None:
    query = f'{{ product(vendorSiren: "{siren(99990000)}", slug: "famille") {{ verdict }} }}'
    owner = await asyncpg.connect(addresses.owner)
    await owner.execute("UPDATE product SET citizen_login = false WHERE slug = 'famille'")
    await owner.close()
    projected, read = await both(query)
    assert projected.json()["data"] == {"product": {"verdict": "NOT_CONCERNED"}}
    assert projected.content == read.content
