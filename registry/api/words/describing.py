from collections.abc import Mapping
from enum import StrEnum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def describe(
    words: type[StrEnum], description: str, meanings: Mapping[str, str], name: str | None = None
) -> None:
    """Make a domain enum a GraphQL one; a word without its meaning is a ``KeyError``."""
    strawberry.enum(words, name=name, description=description)
    definition: StrawberryEnumDefinition = vars(words)["__strawberry_definition__"]
    for value in definition.values:
        value.description = meanings[value.name]
