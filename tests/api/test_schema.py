"""The contract: exported, described, and every named operation run by a test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    parse,
    validate,
)

from registry.api.schema import export_schema
from registry.settings import ROOT
from tests.api.conftest import OPERATIONS

CONTRACT = ROOT / "graphql" / "schema.graphql"
SCHEMA = build_schema(export_schema())


def test_the_contract_is_the_schema() -> None:
    assert CONTRACT.read_text() == export_schema(), (
        "write it again: python -m registry.api.schema > graphql/schema.graphql"
    )


def test_the_schema_can_be_built_again() -> None:
    assert export_schema() == export_schema()


def elements() -> Iterator[tuple[str, str | None]]:
    """Every element that a person may read of, with its description."""
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description
        if isinstance(kind, GraphQLInputObjectType):
            for input_name, given in kind.fields.items():
                yield f"{name}.{input_name}", given.description
        if isinstance(kind, GraphQLEnumType):
            for word, value in kind.values.items():
                yield f"{name}.{word}", value.description


def test_everything_is_described() -> None:
    described = dict(elements())
    assert len(described) > 300
    assert [name for name, description in described.items() if not description] == []


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.graphql")), ids=lambda path: path.stem)
def test_each_operation_is_valid_named_after_its_file_and_run_by_a_test(path: Path) -> None:
    document = parse(path.read_text())
    assert validate(SCHEMA, document) == []
    (operation,) = document.definitions
    assert operation.name.value == path.stem  # type: ignore[attr-defined]
    tests = "".join(test.read_text() for test in Path(__file__).parent.rglob("test_*.py"))
    assert re.search(rf'(ask|write|read_as)\(\s*"{path.stem}"', tests), f"no test runs {path.stem}"


def test_no_python_stands_beside_the_contract() -> None:
    assert list((ROOT / "graphql").rglob("*.py")) == []
