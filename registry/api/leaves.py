"""Which fields of a selection set are plain values, and how each is written.

What is not surely so is left to the executor, which knows all the rules and tells the errors.
"""

from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_nullable_type,
)
from strawberry.types.field import StrawberryField

UNSURE = object()
INT_RANGE = range(-(2**31), 2**31)

Write = Callable[[Any], Any]


class Leaf(NamedTuple):
    attribute: str
    write: Write
    nullable: bool

    def read(self, source: object) -> Any:
        """``UNSURE`` for what is not of the type that it should be."""
        value = getattr(source, self.attribute, UNSURE)
        if value is None:
            return None if self.nullable else UNSURE
        return self.write(value)


@lru_cache(maxsize=4096)
def leaf(parent: GraphQLObjectType, name: str) -> Leaf | None:
    field = parent.fields.get(name)
    definition = field and field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or field is None:
        return None
    if definition.base_resolver or definition.extensions or definition.permission_classes:
        return None
    write = _writing(field)
    if write is None or field.args:
        return None
    return Leaf(definition.python_name, write, not isinstance(field.type, GraphQLNonNull))


def _writing(field: GraphQLField) -> Write | None:
    kind = get_nullable_type(field.type)
    if not isinstance(kind, GraphQLList):
        return _writing_one(kind)
    if not isinstance(kind.of_type, GraphQLNonNull):
        return None
    write = _writing_one(kind.of_type.of_type)
    return write and _of_list(write)


def _writing_one(kind: object) -> Write | None:
    if isinstance(kind, GraphQLEnumType):
        names = {value.value: name for name, value in kind.values.items()}
        return _of_enum({_plain(value): name for value, name in names.items()})
    return SCALARS.get(kind.name) if isinstance(kind, GraphQLScalarType) else None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _of_enum(names: Mapping[Any, str]) -> Write:
    return lambda value: names.get(value.value, UNSURE) if isinstance(value, Enum) else UNSURE


def _of_list(write: Write) -> Write:
    def written(values: Any) -> Any:
        found = [write(value) for value in values] if type(values) is list else [UNSURE]
        return UNSURE if UNSURE in found else found

    return written


SCALARS: Mapping[str, Write] = {
    "String": lambda value: value if type(value) is str else UNSURE,
    "ID": lambda value: value if type(value) is str else UNSURE,
    "Boolean": lambda value: value if type(value) is bool else UNSURE,
    "Int": lambda value: value if type(value) is int and value in INT_RANGE else UNSURE,
    "Date": lambda value: value.isoformat() if type(value) is date else UNSURE,
}
