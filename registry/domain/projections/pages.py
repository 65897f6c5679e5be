"""Connections: the pages of ``domain/pages``, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any

from sqlalchemy.dialects import postgresql

from registry.domain import pages
from registry.domain.pages import Key, Ordering, Page
from registry.domain.projections.building import Draft, Expression, NotCovered, Selected, json_of

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
ALONE = {"edges", "totalCount", "__typename"}
"""What a connection may be asked without knowing what surrounds the page."""
KINDS: Mapping[type, str] = {str: "text", int: "bigint"}


@cache
def _text(key: Key) -> str:
    return str(key.column.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


@dataclass(frozen=True, slots=True)
class Pages:
    """Of ``table``, in the orders of the domain, which may sort by a ``vendor`` too: the owner
    itself, or one that ``joined`` brings. ``where`` tells the rows of ``{owner}``, or of a root.
    """

    node: str
    types: Mapping[str, Mapping[str, Expression]]
    table: str
    joined: str
    where: str
    orders: type[StrEnum]
    orderings: Mapping[Any, Ordering]

    def __call__(self, draft: Draft, owner: str, selected: Selected) -> str:
        given = dict(selected.arguments)
        order = self.orders(given.pop("orderBy", None) or "NAME_ASC")
        page = Page(*(given.pop(name, None) for name in ("first", "after", "last", "before")))
        if any(value is not None for value in given.values()):
            raise NotCovered
        return _Writing(self, draft, owner, page, self.orderings[order]).connection(selected)


class _Writing:
    def __init__(
        self, pages_of: Pages, draft: Draft, owner: str, page: Page, ordering: Ordering
    ) -> None:
        self.of, self.draft, self.page, self.ordering = pages_of, draft, page, ordering
        self.limit = draft.value(pages.size(page), "integer")
        self.row, self.found = draft.alias(), draft.alias()
        self.joined = draft.alias() if pages_of.joined else owner
        self.keys = [self._column(key) for key in ordering.keys]
        names = {"row": self.row, "joined": self.joined, "owner": owner}
        self.source = f"{pages_of.table} AS {self.row} {pages_of.joined.format(**names)}"
        self.where = pages_of.where.format(**names)
        self.bounds = {
            field: self._beyond(field, cursor)
            for field, cursor in (("after", page.after), ("before", page.before))
            if cursor is not None
        }
        self.directions = ", ".join(
            f"{column} {'DESC' if key.descending is not page.backward else 'ASC'}"
            for column, key in zip(self.keys, ordering.keys, strict=True)
        )
        self.columns: list[str] = []

    def connection(self, selected: Selected) -> str:
        name = f"{self.of.node}Connection"
        kind: dict[str, Expression] = {
            "edges": lambda _, row, inner: self._edges(inner),
            "pageInfo": lambda _, row, inner: self._page_info(inner),
            "totalCount": lambda *_: self._total(),
        }
        if not self.page.backward and all(inner.name in ALONE for inner in selected.below):
            kind["edges"] = lambda _, row, inner: self._list(inner)
            return json_of(self.draft, name, kind, "", selected)
        body = json_of(self.draft, name, kind, self.found, selected)
        columns = "".join(f", {column}" for column in self.columns)
        place = f"row_number() OVER (ORDER BY {self.directions}) AS place"
        rows = self._rows(f"{place}{columns}", f"{self.limit} + 1")
        # HAVING: one row, even where nothing that is selected aggregates.
        return f"(SELECT {body} FROM ({rows}) AS {self.found} HAVING TRUE)"

    def _rows(self, columns: str, limit: str) -> str:
        where = " AND ".join([self.where, *self.bounds.values()])
        return (
            f"SELECT {columns} FROM {self.source} WHERE {where}"
            f" ORDER BY {self.directions} LIMIT {limit}"
        )

    def _list(self, selected: Selected) -> str:
        edges = self._rows(self._edge(selected), self.limit)
        return f"'[' || array_to_string(ARRAY({edges}), ',') || ']'"

    def _edges(self, selected: Selected) -> str:
        kept = self._kept(self._edge(selected))
        listed = f"string_agg({kept}, ',' ORDER BY place{self._backward()})"
        return f"'[' || coalesce({listed} FILTER ({self._on_page()}), '') || ']'"

    def _edge(self, selected: Selected) -> str:
        node = self.of.types[self.of.node]
        kind: dict[str, Expression] = {
            "cursor": lambda *_: self._cursor(),
            "node": lambda _, row, inner: json_of(self.draft, self.of.node, node, row, inner),
        }
        return json_of(self.draft, f"{self.of.node}Edge", kind, self.row, selected)

    def _page_info(self, selected: Selected) -> str:
        more = f"CAST(count(*) > {self.limit} AS text)"
        ends = {"startCursor": "", "endCursor": " DESC"}
        if self.page.backward:
            ends = {"startCursor": " DESC", "endCursor": ""}
        kind: dict[str, Expression] = {
            "hasNextPage": lambda *_: self._outside("before") if self.page.backward else more,
            "hasPreviousPage": lambda *_: more if self.page.backward else self._outside("after"),
        }
        for name, direction in ends.items():
            kind[name] = partial(self._end, direction)
        return json_of(self.draft, "PageInfo", kind, self.found, selected)

    def _end(self, direction: str, *_: object) -> str:
        cursors = f"array_agg({self._kept(self._cursor())} ORDER BY place{direction})"
        return f"coalesce(({cursors} FILTER ({self._on_page()}))[1], 'null')"

    def _outside(self, origin: str) -> str:
        bound = self.bounds.get(origin)
        if bound is None:
            return "'false'"
        outside = f"SELECT FROM {self.source} WHERE {self.where} AND NOT {bound}"
        return f"(SELECT CAST(EXISTS ({outside}) AS text))"

    def _total(self) -> str:
        return f"(SELECT CAST(count(*) AS text) FROM {self.source} WHERE {self.where})"

    def _cursor(self) -> str:
        values = " || ',' || ".join(
            f"CAST(to_json({column}) AS text)" if key.kind is str else f"CAST({column} AS text)"
            for column, key in zip(self.keys, self.ordering.keys, strict=True)
        )
        text = f"""'["{self.ordering.name}",' || {values} || ']'"""
        encoded = f"translate(encode(convert_to({text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"
        return f"""'"' || {encoded} || '"'"""

    def _kept(self, expression: str) -> str:
        """The column of the page's rows that holds it."""
        name = f"c{len(self.columns)}"
        self.columns.append(f"{expression} AS {name}")
        return f"{self.found}.{name}"

    def _on_page(self) -> str:
        return f"WHERE place <= {self.limit}"

    def _backward(self) -> str:
        return " DESC" if self.page.backward else ""

    def _column(self, key: Key) -> str:
        return (
            _text(key)
            .replace(f"{self.of.table}.", f"{self.row}.")
            .replace("vendor.", f"{self.joined}.")
        )

    def _beyond(self, field: str, cursor: str) -> str:
        kinds = [key.kind for key in self.ordering.keys]
        values = pages.decode(field, cursor, self.ordering.name, kinds)
        given = [
            self.draft.value(value, KINDS[kind]) for value, kind in zip(values, kinds, strict=True)
        ]
        reverse = field == "before"
        alternatives = []
        for position, key in enumerate(self.ordering.keys):
            equal = [
                f"{c} = {v}" for c, v in zip(self.keys[:position], given[:position], strict=True)
            ]
            sign = "<" if key.descending is not reverse else ">"
            beyond = f"{self.keys[position]} {sign} {given[position]}"
            alternatives.append("(" + " AND ".join([*equal, beyond]) + ")")
        return "(" + " OR ".join(alternatives) + ")"
