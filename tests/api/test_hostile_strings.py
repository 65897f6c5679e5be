"""No string that anyone sends to any field is met by a defect: it is taken, or it is refused."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

from registry.settings import ROOT
from tests.api.conftest import credentials
from tests.api.sides import Sides

SCHEMA = build_schema((ROOT / "graphql" / "schema.graphql").read_text())
TEXTS = {"String", "ID"}
HOSTILE = (
    "\0",
    "a\0b",
    "9" * 5_000,
    "a" * 5_000,
    "\u202e\u2066%_\\'\";--",
    "e" + "\u0301" * 2_000,
    "\ufeff",
    "\U0010ffff",
)
PLAIN: dict[str, object] = {"Int": 1, "Float": 0.5, "Boolean": False, "Date": "2026-01-01"}


def value_of(kind: Any, text: str, depth: int = 0) -> object:
    """A value of that type whose every string is ``text``."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type, text, depth)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type, text, depth)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        fields = kind.fields.items()
        if kind.is_one_of:
            name, field = next(iter(fields))
            return {name: value_of(field.type, text, depth + 1)}
        return {
            name: value_of(field.type, text, depth + 1)
            for name, field in fields
            if is_required_input_field(field) or depth < 2
        }
    return text if kind.name in TEXTS else PLAIN.get(kind.name, text)


def takes_text(kind: Any, depth: int = 0) -> bool:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return depth < 2 and any(
            takes_text(field.type, depth + 1) for field in named.fields.values()
        )
    return named.name in TEXTS


def asked(kind: str, name: str, field: GraphQLField) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each argument that takes text, the document, and its variables by hostile text."""

    for argument in field.args.values():
        if not takes_text(argument.type):
            continue
        given = {
            other: arg
            for other, arg in field.args.items()
            if is_required_argument(arg) or arg is argument
        }
        variables = ", ".join(f"${other}: {arg.type}" for other, arg in given.items())
        arguments = ", ".join(f"{other}: ${other}" for other in given)
        below = "{ __typename }" if is_composite_type(get_named_type(field.type)) else ""
        yield f"{kind} ({variables}) {{ {name}({arguments}) {below} }}", given


def documents(kind: str, schema: GraphQLSchema) -> list[tuple[str, dict[str, Any]]]:
    root = schema.query_type if kind == "query" else schema.mutation_type
    assert root is not None
    return [one for name, field in root.fields.items() for one in asked(kind, name, field)]


@pytest.mark.parametrize("kind", ["query", "mutation"])
@pytest.mark.usefixtures("world")
async def test_no_text_of_any_field_is_met_by_a_defect(
    client: httpx2.AsyncClient, sides: Sides, kind: str
) -> None:
    defects = []
    for document, arguments in documents(kind, SCHEMA):
        for text in HOSTILE:
            variables = {name: value_of(arg.type, text) for name, arg in arguments.items()}
            body = {"query": document, "variables": variables}
            reply = await client.post("/graphql", json=body, headers=credentials(sides.ministry))
            codes = {error["extensions"].get("code") for error in reply.json().get("errors", [])}
            if reply.status_code >= 500 or "INTERNAL" in codes:
                defects.append(f"{text[:12]!a} {document}: {reply.text[:200]}")
    assert defects == []


@pytest.mark.parametrize(
    "document", ['{ search(text: "a%s") { __typename } }', '{ vendor(siren: "%s") { siren } }']
)
async def test_a_text_with_a_null_character_in_a_document_is_refused(
    client: httpx2.AsyncClient, document: str
) -> None:
    reply = await client.post("/graphql", json={"query": document % "\\u0000"})
    ((error,), data) = reply.json()["errors"], reply.json().get("data")
    assert (error["extensions"]["code"], data) == ("BAD_USER_INPUT", None)
    assert "U+0000" in error["message"]


async def test_a_lone_surrogate_is_refused(client: httpx2.AsyncClient) -> None:
    for text in (b'"\\ud800"', b'"\\\\ud800"', b'"\xed\xa0\x80"'):
        body = b'{"query": "{ search(text: \\"" , "variables": {"text": ' + text + b"}}"
        reply = await client.post(
            "/graphql", content=body, headers={"content-type": "application/json"}
        )
        assert reply.status_code in (200, 400)
        assert "INTERNAL" not in reply.text
