"""The parts of a statement whose value is the JSON of what is selected."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

PLACE = re.compile(r"\$([0-9]+)")


UNDERIVED = ""
"""The value of a statement that reads what is derived, where that waits to be brought up to date.
"""
HOLDS = "(SELECT as_of = {today} AND NOT EXISTS (SELECT FROM touched) FROM derivation)"


class NotCovered(Exception):
    """Something that is selected has no expression here."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A field: the key of its answer, its name, its arguments, and what is selected below it."""

    key: str
    name: str
    arguments: Mapping[str, Any]
    below: tuple["Selected", ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    values: tuple[object, ...]


@dataclass(slots=True)
class Draft:
    """The values and the aliases of a statement that is being written; ``derived``: it reads what
    is derived for today.
    """

    day: date
    values: list[object] = field(default_factory=list)
    aliases: int = 0
    derived: bool = False

    def value(self, given: object, kind: str) -> str:
        self.values.append(given)
        return f"CAST(${len(self.values)} AS {kind})"

    def statement(self, text: str) -> Statement:
        """A value that the text does without would have no type."""
        used = list(dict.fromkeys(int(number) for number in PLACE.findall(text)))
        places = {number: place for place, number in enumerate(used, 1)}
        return Statement(
            PLACE.sub(lambda found: f"${places[int(found[1])]}", text),
            tuple(self.values[number - 1] for number in used),
        )

    def today(self) -> str:
        return self.value(self.day, "date")

    def alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"


Expression = Callable[[Draft, str, Selected], str]
"""Given the alias of a row, the text of its field's JSON; never NULL."""

Type = dict[str, Expression]


def plain(column: str) -> Expression:
    """Text that holds nothing to escape: a code, a key, a date."""
    return lambda draft, row, selected: f"""'"' || {row}.{column} || '"'"""


def text(column: str) -> Expression:
    return lambda draft, row, selected: f"CAST(to_json({row}.{column}) AS text)"


def literal(column: str) -> Expression:
    """A number or a truth value, which PostgreSQL writes as JSON does."""
    return lambda draft, row, selected: f"CAST({row}.{column} AS text)"


def codes(column: str) -> Expression:
    return lambda draft, row, selected: f"CAST(array_to_json({row}.{column}) AS text)"


def written(template: str) -> Expression:
    """``{row}`` stands for the alias, ``{today}`` for the day."""
    if "{today}" not in template:
        return lambda draft, row, selected: template.format(row=row)
    return lambda draft, row, selected: template.format(row=row, today=draft.today())


def optional(expression: Expression) -> Expression:
    """``null`` where it is NULL."""

    def build(draft: Draft, row: str, selected: Selected) -> str:
        return f"coalesce({expression(draft, row, selected)}, 'null')"

    return build


def without_arguments(selected: Selected, *but: str) -> None:
    given = {name for name, value in selected.arguments.items() if value is not None}
    if not given.issubset(but):
        raise NotCovered


def json_of(
    draft: Draft, name: str, kind: Mapping[str, Expression], row: str, selected: Selected
) -> str:
    """Of the object that ``row`` is."""
    parts = ["'{'"]
    for number, inner in enumerate(selected.below):
        comma = "," if number else ""
        parts.append(f"""'{comma}"{inner.key}":'""")
        if inner.name == "__typename":
            parts.append(f"""'"{name}"'""")
        elif inner.name in kind:
            parts.append(kind[inner.name](draft, row, inner))
        else:
            raise NotCovered
    return " || ".join([*parts, "'}'"]).replace("' || '", "")
