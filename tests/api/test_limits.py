"""What a document may ask, told with its count; counting costs no more than reading it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    get_named_type,
    parse,
    validate,
)

from registry.api import execution, limits
from registry.api.limits import Counts, Walk, of_operation, walk
from registry.api.schema import build_schema
from registry.auth.prices import BLOCKERS, CHANGES, VERDICT
from tests.api.conftest import OPERATIONS

SCHEMA = build_schema()._schema


async def excess(
    client: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None = None
) -> tuple[str, int, int] | None:
    """The limit that is passed, what is counted, what is allowed."""
    accept = {"accept": "application/graphql-response+json"}
    body = {"query": query, "variables": variables}
    reply = await client.post("/graphql", json=body, headers=accept)
    if reply.status_code == 200:
        return None
    (error,) = reply.json()["errors"]
    extensions = error["extensions"]
    assert (reply.status_code, extensions["code"]) == (400, "LIMIT_EXCEEDED"), reply.text
    assert error["message"].endswith(
        f" : {extensions['counted']}, {extensions['allowed']} au plus."
    )
    return extensions["limit"], extensions["counted"], extensions["allowed"]


def chain(depth: int) -> str:
    """Vendors and products in turn, ``depth`` levels of fields in all."""
    cycle = ["products(first: 1)", "edges", "node", "vendor"]
    fields = ['vendor(siren: "1")', *(cycle[level % 4] for level in range(depth - 2))]
    leaf = {0: "siren", 1: "totalCount", 2: "cursor", 3: "slug"}[(depth - 2) % 4]
    return "{ " + " { ".join([*fields, leaf]) + " }" * (depth - 1) + " }"


@pytest.mark.parametrize(
    ("allowed", "refused", "limit"),
    [
        (chain(12), chain(13), ("depth", 13, 12)),
        (
            "{ " + " ".join(f"a{n}: __typename" for n in range(20)) + " }",
            "{ " + " ".join(f"a{n}: __typename" for n in range(21)) + " }",
            ("rootFields", 21, 20),
        ),
        (
            "{ campaign { " + " ".join(f"a{n}: name" for n in range(30)) + " } }",
            "{ campaign { " + " ".join(f"a{n}: name" for n in range(31)) + " } }",
            ("aliases", 31, 30),
        ),
        (
            "{ campaign { " + "name " * 399 + "} }",
            "{ campaign { " + "name " * 400 + "} }",
            ("fields", 401, 400),
        ),
        (
            "{ campaign { " + "name @skip(if: false) " * 50 + "} }",
            "{ campaign { " + "name @skip(if: false) " * 51 + "} }",
            ("directives", 51, 50),
        ),
        (
            "{ campaign { " + "... {" * 50 + "name" + "}" * 50 + " " + "name " * 300 + "} }",
            "{ campaign { name(" + "a: 1 " * 700 + ") } }",
            ("tokens", 2_001, 2_000),
        ),
        (
            "# comment\n" * 1_990 + "{ campaign { name } }",
            "# comment\n" * 2_000 + "{ campaign { name } }",
            ("tokens", 2_001, 2_000),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
async def test_each_limit_is_told(
    client: httpx2.AsyncClient, allowed: str, refused: str, limit: tuple[str, int, int]
) -> None:
    assert await excess(client, allowed) is None
    for _ in range(2):
        assert await excess(client, refused) == limit


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{ campaign { ...A } } fragment A on Campaign { ...B ...B } fragment B on Campaign { %s }",
         ("aliases", 32, 30)),
        ("{ campaign { ... on Campaign { ... { %s } } ...B } } fragment B on Campaign { %s }",
         ("aliases", 32, 30)),
    ],
)  # fmt: skip
async def test_what_spreads_twice_counts_twice(
    client: httpx2.AsyncClient, query: str, limit: tuple[str, int, int]
) -> None:
    aliases = " ".join(f"a{n}: name" for n in range(16))
    assert await excess(client, query.replace("%s", aliases)) == limit


COSTLY = (
    "query ($n: Int%s) { vendors(first: $n) { edges { node { products(first: 60) { %s } } } } }"
)
PRODUCTS = "edges { node { slug vendor { siren } } }"


@pytest.mark.parametrize(
    ("default", "variables", "cost"),
    [
        ("", {"n": 2}, 1 + 2 * (1 + 1 + 60 * 2)),
        ("", {}, 1 + 20 * (1 + 1 + 60 * 2)),
        ("", {"n": None}, 1 + 20 * (1 + 1 + 60 * 2)),
        (" = 3", {}, 1 + 3 * (1 + 1 + 60 * 2)),
        (" = 3", {"n": 1}, 1 + 1 * (1 + 1 + 60 * 2)),
        (" = 3", {"n": None}, 1 + 20 * (1 + 1 + 60 * 2)),
        (" = 41", {}, None),
        ("", {"n": 41}, None),
        ("", {"n": 41.0}, None),
    ],
)
async def test_the_cost_is_told_and_depends_on_variables(
    client: httpx2.AsyncClient, default: str, variables: dict[str, Any], cost: int | None
) -> None:
    query = COSTLY % (default, PRODUCTS)
    if cost is None:
        assert await excess(client, query, variables) == ("cost", 1 + 41 * 122, 5_000)
    else:
        reply = await client.post("/graphql", json={"query": query, "variables": variables})
        assert reply.json()["extensions"] == {"cost": cost}


HEAVY = """{{ changes(since: "2026-01-01") {{ {asked} }} }}"""


async def test_each_field_that_reads_the_whole_registry_is_paid(client: httpx2.AsyncClient) -> None:
    """However often it is asked for, under whatever names."""
    costs = []
    for names in (["a"], ["a", "b", "c"]):
        asked = " ".join(f"{name}: counts {{ moved }}" for name in names)
        reply = await client.post("/graphql", json={"query": HEAVY.format(asked=asked)})
        costs.append(reply.json()["extensions"]["cost"])
    assert costs[1] > 3 * CHANGES.whole > costs[0] > CHANGES.whole


@pytest.mark.parametrize(
    ("query", "shape", "price"),
    [
        ("{ blockers { totalCount } }", {}, BLOCKERS.whole),
        ("{ blockers(scope: {basis: CONFIRMED, asOf: null}) { totalCount } }", {}, BLOCKERS.whole),
        ('{ blockers(scope: {region: "32"}) { totalCount } }', {}, BLOCKERS.narrowed),
        ('{ blockers(scope: {asOf: "2025-01-01"}) { totalCount } }', {}, BLOCKERS.computed),
        ("{ blockers(scope: {demarche: PERISCOLAIRE}) { totalCount } }", {}, BLOCKERS.computed),
        (
            "query ($s: ScopeInput) { blockers(scope: $s) { totalCount } }",
            {"s": {"asOf": "2025-01-01", "epci": "1"}},
            BLOCKERS.computed_narrowed,
        ),
        (
            "query ($s: ScopeInput) { blockers(scope: $s) { totalCount } }",
            {"s": {"asOf": None}},
            BLOCKERS.whole,
        ),
        (
            'query ($s: ScopeInput = {asOf: "2025-01-01"}) { blockers(scope: $s) { totalCount } }',
            {},
            BLOCKERS.computed,
        ),
        (
            "query ($d: Date) { blockers(scope: {asOf: $d}) { totalCount } }",
            {"d": "2025-01-01"},
            BLOCKERS.computed,
        ),
        ("query ($d: Date) { blockers(scope: {asOf: $d}) { totalCount } }", {}, BLOCKERS.whole),
        (
            '{ products(first: 200) { edges { node { verdict(asOf: "2025-01-01") } } } }',
            {},
            200 + VERDICT.computed,
        ),
    ],
)
def test_the_price_follows_the_work(query: str, shape: dict[str, Any], price: int) -> None:
    """A page's fields are read together: what they cost besides is paid once."""
    assert limits.cost(SCHEMA, parse(query), None, limits.shapes(shape)) == 1 + price


async def test_twenty_past_answers_in_one_request_are_refused(client: httpx2.AsyncClient) -> None:
    answers = " ".join(
        f'a{day}: blockers(scope: {{asOf: "2025-01-{day:02d}"}}) {{ totalCount }}'
        for day in range(1, 21)
    )
    assert await excess(client, f"{{ {answers} }}") == (
        "cost",
        20 * (1 + BLOCKERS.computed),
        limits.MAX_COST,
    )


async def test_only_the_chosen_operation_is_paid(client: httpx2.AsyncClient) -> None:
    query = (
        "query A { campaign { name } } query B { vendors(first: 200) { edges { node { id } } } }"
    )
    costs = []
    for name in "AB":
        body = {"query": query, "operationName": name}
        costs.append((await client.post("/graphql", json=body)).json()["extensions"]["cost"])
    assert costs == [1, 201]


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.graphql")), ids=lambda path: path.stem)
def test_each_operation_may_ask_for_its_largest_page(path: Path) -> None:
    cost = limits.cost(SCHEMA, parse(path.read_text()), path.stem, (("first", 200),))
    assert 0 < cost <= limits.MAX_COST


def test_100_vendors_with_20_products_each_pass() -> None:
    query = (
        "{ vendors(first: 100) { edges { node { name products { edges { node { name } } } } } } }"
    )
    assert limits.cost(SCHEMA, parse(query), None, ()) == 1 + 100 * (1 + 1 + 20)


def test_every_connection_takes_a_size() -> None:
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                paged = get_named_type(field.type).name.endswith("Connection")
                assert not paged or "first" in field.args


async def test_standard_introspection_passes(client: httpx2.AsyncClient) -> None:
    query = get_introspection_query(
        specified_by_url=True, input_value_deprecation=True, schema_description=True
    )
    assert await excess(client, query) is None
    operation = parse(query).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    counted = of_operation(walk(SCHEMA, parse(query), {}), operation)
    assert (counted.introspection, counted.depth) == (15, 1)
    assert 200 < counted.fields < 250


async def test_deeper_introspection_is_refused(client: httpx2.AsyncClient) -> None:
    query = "{ __schema { types { " + "ofType { " * 13 + "name" + " }" * 16
    assert await excess(client, query) == ("introspectionDepth", 16, 15)
    again = "{ __type(name: 'A') { name } }".replace("'", '"')
    assert await excess(client, again) is None


def doubling(count: int) -> str:
    spreads = "".join(
        f" fragment F{n} on Campaign {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count - 1)
    )
    last = f" fragment F{count - 1} on Campaign {{ a: name }}"
    return "{ campaign { ...F0 } }" + spreads + last


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[SelectionSetNode | None]:
    """Each selection set, each time it is counted."""
    seen: list[SelectionSetNode | None] = []
    count = limits.of_selections

    def noted(
        walked: Walk, selections: SelectionSetNode | None, parent: GraphQLNamedType | None
    ) -> Counts:
        if selections:
            seen.append(selections)
        return count(walked, selections, parent)

    monkeypatch.setattr(limits, "of_selections", noted)
    return seen


def selection_sets(node: Any) -> int:
    inside = node.selection_set
    if isinstance(node, FragmentSpreadNode) or inside is None:
        return 0
    return 1 + sum(
        selection_sets(selection)
        for selection in inside.selections
        if isinstance(selection, FieldNode | InlineFragmentNode)
    )


@pytest.mark.parametrize("count", [18, 250, 1_000, 5_000])
def test_each_fragment_is_counted_once(visits: list[SelectionSetNode | None], count: int) -> None:
    document = parse(doubling(count))
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    counted = of_operation(walk(SCHEMA, document, {}), operation)
    assert len(visits) == sum(map(selection_sets, document.definitions)) == count + 2
    assert counted.aliases == min(limits.CEILING, 2 ** (count - 1))


def test_many_operations_share_the_fragments(visits: list[SelectionSetNode | None]) -> None:
    operations = "".join(f" query Q{n} {{ campaign {{ ...F0 }} }}" for n in range(100))
    document = parse(operations + doubling(100).removeprefix("{ campaign { ...F0 } }"))
    assert len(validate(SCHEMA, document, [limits.LimitsRule], max_errors=999)) == 200
    assert len(visits) == sum(map(selection_sets, document.definitions)) == 300


@pytest.mark.parametrize(
    "fragments",
    [
        "fragment A on Campaign { ...A }",
        "fragment A on Campaign { ...B } fragment B on Campaign { ...A ...B }",
        "fragment A on Campaign { ...B ...B } fragment B on Campaign { ...C ...C }"
        " fragment C on Campaign { ...A ...A }",
        "fragment A on Nothing { ...Missing }",
        "fragment A on Campaign { name } fragment A on Campaign { ...A }",
    ],
)
async def test_a_cycle_ends(
    client: httpx2.AsyncClient, visits: list[SelectionSetNode | None], fragments: str
) -> None:
    query = "{ campaign { ...A } } " + fragments
    reply = await client.post("/graphql", json={"query": query})
    codes = {error["extensions"]["code"] for error in reply.json()["errors"]}
    assert codes == {"GRAPHQL_VALIDATION_FAILED"}
    assert 0 < len(visits) <= sum(map(selection_sets, parse(query).definitions))


async def test_the_attack_is_refused_with_its_count(client: httpx2.AsyncClient) -> None:
    body = {"query": doubling(18)}
    reply = await client.post("/graphql", json=body)
    errors = {error["extensions"]["limit"]: error for error in reply.json()["errors"]}
    assert set(errors) == {"aliases", "fields"}
    assert errors["aliases"]["extensions"]["counted"] == 2**17


async def test_a_document_is_read_and_validated_once(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def counted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            done.append(name)
            return work(*given, **named)

        return run

    monkeypatch.setattr(execution, "parse", counted("parse", execution.parse))
    monkeypatch.setattr(execution, "validate", counted("validate", execution.validate))
    for number in range(3):
        body = {
            "query": "query Kept($c: String!) { collectivite(code: $c) { name } }",
            "variables": {"c": f"0100{number}"},
        }
        assert (await client.post("/graphql", json=body)).status_code == 200
        assert done == ["parse", "validate"]
