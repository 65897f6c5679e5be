"""Keyset pages: a page costs the same wherever it stands."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.errors import InvalidInput

DEFAULT_SIZE = 20
MAX_SIZE = 200
LONGEST_CURSOR = 4096

Row = TypeVar("Row")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked: ``first`` after ``after``, or ``last`` before ``before``; or the ``whole``
    of it, which no door lets a stranger ask of a list that is long.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    whole: bool = False

    @property
    def backward(self) -> bool:
        return self.last is not None


LARGEST = Page(first=MAX_SIZE)
WHOLE = Page(whole=True)


@dataclass(frozen=True, slots=True)
class Key:
    """A column to sort by, never null; ``kind`` is that of its values."""

    column: sa.ColumnElement[Any]
    kind: type[str] | type[int] = str
    descending: bool = False

    def direction(self, *, reverse: bool) -> sa.UnaryExpression[Any]:
        return self.column.desc() if self.descending is not reverse else self.column.asc()

    def beyond(self, value: Any, *, reverse: bool) -> sa.ColumnElement[bool]:
        smaller: sa.ColumnElement[bool] = self.column < value
        greater: sa.ColumnElement[bool] = self.column > value
        return smaller if self.descending is not reverse else greater


@dataclass(frozen=True, slots=True)
class Ordering:
    """Keys that together are unique; ``name`` ties a cursor to them."""

    name: str
    keys: tuple[Key, ...]


class Recency(StrEnum):
    LATEST = "LATEST"
    OLDEST = "OLDEST"


def by_recency(name: str, number: sa.ColumnElement[int]) -> Mapping[Recency, Ordering]:
    """By a number that follows the order of writing."""
    return {
        Recency.LATEST: Ordering(f"{name}.desc", (Key(number, int, descending=True),)),
        Recency.OLDEST: Ordering(name, (Key(number, int),)),
    }


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    rows: tuple[Row, ...] = ()
    cursors: tuple[str, ...] = ()
    has_next: bool = False
    has_previous: bool = False

    def carrying(self, rows: Iterable[Other]) -> "Slice[Other]":
        """The same page, with what was made of each of its rows."""
        return Slice(tuple(rows), self.cursors, self.has_next, self.has_previous)


def size(page: Page) -> int:
    """How many rows the page may hold; raise ``InvalidInput`` for what can't be asked."""
    if page.first is not None and page.last is not None:
        raise InvalidInput("last", "« first » et « last » ne vont pas ensemble : choisir l’un.")
    field, wanted = ("last", page.last) if page.backward else ("first", page.first)
    if wanted is None:
        return DEFAULT_SIZE
    if not 1 <= wanted <= MAX_SIZE:
        raise InvalidInput(field, f"« {field} » va de 1 à {MAX_SIZE} ; reçu : {wanted}.")
    return wanted


def encode(ordering: str, values: Sequence[str | int]) -> str:
    text = json.dumps([ordering, *values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(
    field: str, cursor: str, ordering: str, kinds: Sequence[type[str] | type[int]]
) -> list[Any]:
    """The key that a cursor carries; only what ``encode`` wrote for that ordering is taken."""
    parts = _parse(cursor)
    well_typed = isinstance(parts, list) and [type(part) for part in parts] == [str, *kinds]
    if not well_typed or encode(parts[0], parts[1:]) != cursor or "\0" in "".join(map(str, parts)):
        raise InvalidInput(field, "Ce curseur n’est pas de ceux que le service a donnés.")
    if parts[0] != ordering:
        raise InvalidInput(field, "Ce curseur vient d’une liste triée autrement.")
    values: list[Any] = parts[1:]
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
        raise InvalidInput(field, "Ce curseur n’est pas de ceux que le service a donnés.")
    return values


def _parse(cursor: str) -> Any:
    if len(cursor) > LONGEST_CURSOR:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeError, ValueError, RecursionError):
        return None


async def fetch(
    session: AsyncSession, query: sa.Select[Row], ordering: Ordering, page: Page
) -> Slice[Row]:
    """The page of ``query``, whose rows are single entities."""
    limit = None if page.whole else size(page)
    bounds = _bounds(ordering, page)
    wanted = (
        query.add_columns(*_columns(ordering))
        .where(*bounds.values())
        .order_by(*directions(ordering, reverse=page.backward))
        .limit(None if limit is None else limit + 1)
    )
    found = (await session.execute(wanted)).all()
    beyond = False
    bound = bounds.get(_origin(page))
    if bound is not None:
        beyond = bool(await session.scalar(sa.select(query.where(sa.not_(bound)).exists())))
    return _slice(found, ordering, page, limit=limit, beyond=beyond)


async def fetch_each(
    session: AsyncSession,
    query: sa.Select[Row],
    group: Any,
    ordering: Ordering,
    page: Page,
) -> dict[int, Slice[Row]]:
    """The same page of each ``group`` of the query's rows, in as many statements as one."""
    limit = size(page)
    bounds = _bounds(ordering, page)
    sorting = directions(ordering, reverse=page.backward)
    position = sa.func.row_number().over(partition_by=group, order_by=sorting)
    ranked = query.add_columns(*_columns(ordering), group.label("owner"), position.label("place"))
    inner = ranked.where(*bounds.values()).subquery()
    entity = orm.aliased(query.column_descriptions[0]["entity"], inner)
    keys = [inner.c[f"key_{number}"] for number in range(len(ordering.keys))]
    wanted = (
        sa.select(entity, *keys, inner.c.owner)
        .where(inner.c.place <= limit + 1)
        .order_by(inner.c.owner, inner.c.place)
    )
    groups: dict[int, list[Any]] = {}
    for row in await session.execute(wanted):
        groups.setdefault(row[-1], []).append(row)
    beyond: set[int] = set()
    bound = bounds.get(_origin(page))
    if bound is not None:
        outside = query.with_only_columns(group).where(sa.not_(bound)).distinct()
        beyond = set((await session.scalars(outside)).all())
    return {
        owner: _slice(groups.get(owner, []), ordering, page, limit=limit, beyond=owner in beyond)
        for owner in groups.keys() | beyond
    }


def _columns(ordering: Ordering) -> list[Any]:
    return [key.column.label(f"key_{number}") for number, key in enumerate(ordering.keys)]


def directions(ordering: Ordering, *, reverse: bool = False) -> list[sa.UnaryExpression[Any]]:
    return [key.direction(reverse=reverse) for key in ordering.keys]


def _origin(page: Page) -> str:
    return "before" if page.backward else "after"


def _bounds(ordering: Ordering, page: Page) -> dict[str, sa.ColumnElement[bool]]:
    kinds = [key.kind for key in ordering.keys]
    given = {"after": page.after, "before": page.before}
    return {
        field: _beyond(
            ordering,
            decode(field, cursor, ordering.name, kinds),
            reverse=field == "before",
        )
        for field, cursor in given.items()
        if cursor is not None
    }


def _beyond(ordering: Ordering, values: Sequence[Any], *, reverse: bool) -> sa.ColumnElement[bool]:
    pairs = list(zip(ordering.keys, values, strict=True))
    return sa.or_(
        *(
            sa.and_(
                *(earlier.column == value for earlier, value in pairs[:position]),
                key.beyond(value, reverse=reverse),
            )
            for position, (key, value) in enumerate(pairs)
        )
    )


def _slice(
    found: Sequence[Any], ordering: Ordering, page: Page, *, limit: int | None, beyond: bool
) -> Slice[Any]:
    kept = found[:limit][::-1] if page.backward else found[:limit]
    last = 1 + len(ordering.keys)
    more = limit is not None and len(found) > limit
    return Slice(
        tuple(row[0] for row in kept),
        tuple(encode(ordering.name, row[1:last]) for row in kept),
        has_next=beyond if page.backward else more,
        has_previous=more if page.backward else beyond,
    )
