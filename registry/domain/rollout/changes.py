"""What moved between two moments, by collectivité and by product."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import pages
from registry.domain.pages import Page, Slice
from registry.domain.rollout import recorded
from registry.domain.rollout.periods import Period
from registry.domain.rollout.readiness import BLOCKED, ORDER, Readiness, rank
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.trend import refuse_as_of
from registry.domain.rollout.verdicts import Verdict

Row = TypeVar("Row")


class ChangeKind(StrEnum):
    NEWLY_CONNECTED = "NEWLY_CONNECTED"
    NEWLY_READY = "NEWLY_READY"
    NEWLY_BLOCKED = "NEWLY_BLOCKED"
    NO_LONGER_CONNECTED = "NO_LONGER_CONNECTED"


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """``moved`` are all whose readiness changed, in whatever direction; ``other``, those that
    changed in none of the ways between.
    """

    moved: int
    newly_connected: int
    newly_ready: int
    newly_blocked: int
    no_longer_connected: int
    other: int


@dataclass(frozen=True, slots=True)
class CollectiviteChange:
    """``before`` or ``after`` is none where the collectivité was not counted then; ``silent``:
    it was blocked by software of which no vendor had said anything.
    """

    collectivite_id: int
    code: str
    name: str
    before: Readiness | None
    after: Readiness | None
    silent_before: bool
    silent_after: bool


@dataclass(frozen=True, slots=True)
class ProductChange:
    """``counts`` are of the clients that moved and used it before, after or both. A verdict is
    none where the product was not recorded yet; ``silent``: nothing was integrated as far as
    anyone knew, and the vendor had not said so.
    """

    product_id: int
    vendor_siren: str
    slug: str
    name: str
    before: Verdict | None
    after: Verdict | None
    silent_before: bool
    silent_after: bool
    counts: ChangeCounts


@dataclass(frozen=True, slots=True)
class ChangePage(Generic[Row]):
    """``total`` is of the whole list."""

    slice: Slice[Row]
    total: int


async def count(session: AsyncSession, scope: Scope, asked: Period) -> ChangeCounts:
    """Raise ``InvalidInput`` for a scope that has a date, or a territory that is not known."""
    moved, values = await _moved(session, scope, asked)
    query = sa.text(f"{moved} SELECT {COUNTS} FROM moved")
    return ChangeCounts(*(await session.execute(query, values)).one())


async def of_collectivites(
    session: AsyncSession,
    scope: Scope,
    asked: Period,
    kind: ChangeKind | None = None,
    page: Page | None = None,
) -> ChangePage[CollectiviteChange]:
    """By code; all of them where no ``page`` is asked."""
    moved, values = await _moved(session, scope, asked)
    chosen = f"""
        {moved},
        chosen AS (
            SELECT moved.id, before, after, silent_before, silent_after, code, name
            FROM moved JOIN collectivite ON collectivite.id = moved.id
            WHERE {CONDITIONS[kind] if kind else "true"}
        )
    """
    order = _Order("changes.collectivites", {"code": str})
    return await _page(session, chosen, values, order, page, _collectivite)


async def of_products(
    session: AsyncSession,
    scope: Scope,
    asked: Period,
    page: Page | None = None,
    *,
    turned: bool = False,
) -> ChangePage[ProductChange]:
    """Those with the most clients that moved first, then by key; all where no ``page`` is asked.
    ``turned``: those alone whose verdict is no longer the same.
    """
    moved, values = await _moved(session, scope, asked, with_products=True)
    chosen = f"""
        {moved},
        chosen AS (
            SELECT counted.*, siren, slug, product.name,
                   verdict_before.verdict AS before, verdict_after.verdict AS after,
                   {_unsaid("before")}, {_unsaid("after")}
            FROM (
                SELECT used.id, {COUNTS}
                FROM moved CROSS JOIN LATERAL (
                    SELECT unnest(products_before) UNION SELECT unnest(products_after)
                ) AS used (id)
                GROUP BY used.id
            ) AS counted
            JOIN product ON product.id = counted.id
            JOIN vendor ON vendor.id = product.vendor_id
            LEFT JOIN verdict_before ON verdict_before.product_id = counted.id
            LEFT JOIN verdict_after ON verdict_after.product_id = counted.id
            WHERE {TURNED if turned else "true"}
        )
    """
    keys = {"moved": int, "siren": str, "slug": str}
    order = _Order("changes.products", keys, descending=frozenset({"moved"}))
    return await _page(session, chosen, values, order, page, _product)


@dataclass(frozen=True, slots=True)
class _Order:
    """The columns of ``chosen`` to sort by."""

    name: str
    keys: Mapping[str, type[str] | type[int]]
    descending: frozenset[str] = frozenset()

    def directions(self, *, reverse: bool) -> str:
        return ", ".join(
            f"{key} DESC" if (key in self.descending) is not reverse else key for key in self.keys
        )

    def beyond(self, *, reverse: bool) -> str:
        """What follows the row whose keys are bound, or goes before it."""
        keys = [*self.keys]
        found = []
        for place, key in enumerate(keys):
            sign = "<" if (key in self.descending) is not reverse else ">"
            equal = [f"{earlier} = :{earlier}" for earlier in keys[:place]]
            found.append(" AND ".join([*equal, f"{key} {sign} :{key}"]))
        return f"({' OR '.join(f'({each})' for each in found)})"

    def bound(self, field: str, cursor: str) -> dict[str, Any]:
        values = pages.decode(field, cursor, self.name, [*self.keys.values()])
        return dict(zip(self.keys, values, strict=True))


async def _page(
    session: AsyncSession,
    chosen: str,
    values: dict[str, Any],
    order: _Order,
    page: Page | None,
    told: Callable[[Any], Row],
) -> ChangePage[Row]:
    """A page without row has one that tells the total."""
    limit = None if page is None else pages.size(page)
    values["limit"] = None if limit is None else limit + 1
    backward = page is not None and page.backward
    field = "before" if backward else "after"
    cursor = None if page is None else getattr(page, field)
    beyond = "true"
    if cursor is not None:
        values |= order.bound(field, cursor)
        beyond = order.beyond(reverse=backward)
    directions = order.directions(reverse=backward)
    query = f"""
        {chosen}
        SELECT counted.total, page.*
        FROM (SELECT count(*) AS total FROM chosen) AS counted
        LEFT JOIN (
            SELECT * FROM chosen WHERE {beyond}
            ORDER BY {directions} LIMIT CAST(:limit AS bigint)
        ) AS page ON true
        ORDER BY {directions}
    """
    found = (await session.execute(sa.text(query), values)).all()
    total = found[0].total
    rows = [row for row in found if row.id is not None]
    more = len(rows) > len(rows[:limit])
    kept = rows[:limit][::-1] if backward else rows[:limit]
    beside = cursor is not None and total > 0
    return ChangePage(
        Slice(
            tuple(told(row) for row in kept),
            tuple(
                pages.encode(order.name, [getattr(row, key) for key in order.keys]) for row in kept
            ),
            has_next=beside if backward else more,
            has_previous=more if backward else beside,
        ),
        total,
    )


_BLOCKED = ", ".join(str(rank(readiness)) for readiness in BLOCKED)
CONDITIONS = {
    ChangeKind.NEWLY_CONNECTED: "after = 0 AND before IS DISTINCT FROM 0",
    ChangeKind.NEWLY_READY: "after = 1 AND before IS DISTINCT FROM 0",
    ChangeKind.NEWLY_BLOCKED: (
        f"after IN ({_BLOCKED}) AND (before NOT IN ({_BLOCKED}) OR before IS NULL)"
    ),
    ChangeKind.NO_LONGER_CONNECTED: "before = 0 AND after IS DISTINCT FROM 0",
}
"""In ``moved``, where ``before`` and ``after`` are ranks that differ; null is not counted."""

TURNED = "verdict_before.verdict IS DISTINCT FROM verdict_after.verdict"
COUNTS = ", ".join(
    [
        "count(*) AS moved",
        *(f"count(*) FILTER (WHERE {sql}) AS {kind.lower()}" for kind, sql in CONDITIONS.items()),
        f"count(*) FILTER (WHERE ({' OR '.join(CONDITIONS.values())}) IS NOT TRUE) AS other",
    ]
)


async def _moved(
    session: AsyncSession, scope: Scope, asked: Period, *, with_products: bool = False
) -> tuple[str, dict[str, Any]]:
    """``moved``: a row for each collectivité whose readiness changed; and with what it used on
    both sides, and ``verdict_before`` and ``verdict_after``, if products are wanted.
    """
    refuse_as_of(scope, "les deux moments comparés")
    queries = {"state": "id, rank, declared FROM state"}
    if with_products:
        queries = {
            "state": "id, rank, declared, products FROM state",
            "verdict": "product_id, verdict, declared_on FROM verdict",
        }
    ctes: list[str] = []
    values: dict[str, Any] = {}
    for side, moment in (("before", asked.since), ("after", asked.until)):
        told = await recorded.told(session, scope, moment)
        values |= {f"{name}_{side}": value for name, value in told.values.items()}
        ctes += [
            f"{name}_{side} AS ({_named(told.select(columns), side)})"
            for name, columns in queries.items()
        ]
    used = ", before.products AS products_before, after.products AS products_after"
    ctes.append(f"""moved AS (
        SELECT id, before.rank AS before, after.rank AS after,
               {_silent("before")}, {_silent("after")} {used if with_products else ""}
        FROM state_before AS before FULL JOIN state_after AS after USING (id)
        WHERE before.rank IS DISTINCT FROM after.rank
    )""")
    return f"WITH {', '.join(ctes)}", values


def _silent(side: str) -> str:
    blocked = rank(Readiness.BLOCKED_BY_SOFTWARE)
    return f"({side}.rank = {blocked} AND NOT {side}.declared) IS TRUE AS silent_{side}"


def _unsaid(side: str) -> str:
    told = f"verdict_{side}"
    silent = f"{told}.verdict = 'NOT_INTEGRATED' AND {told}.declared_on IS NULL"
    return f"({silent}) IS TRUE AS silent_{side}"


def _named(query: str, side: str) -> str:
    """The query with each value it binds named for its side."""
    return re.sub(r":(\w+)", rf":\1_{side}", query)


def _collectivite(row: Any) -> CollectiviteChange:
    before, after = (
        None if position is None else ORDER[position] for position in (row.before, row.after)
    )
    silence = (row.silent_before, row.silent_after)
    return CollectiviteChange(row.id, row.code, row.name, before, after, *silence)


def _product(row: Any) -> ProductChange:
    before, after = (None if word is None else Verdict(word) for word in (row.before, row.after))
    counts = ChangeCounts(*(getattr(row, name) for name in ChangeCounts.__slots__))
    silence = (row.silent_before, row.silent_after)
    return ProductChange(row.id, row.siren, row.slug, row.name, before, after, *silence, counts)
