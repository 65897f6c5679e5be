"""What moved between two days: the last week, unless asked."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from registry.auth.prices import CHANGES
from registry.domain.pages import Page
from registry.domain.rollout import changes
from registry.domain.rollout.changes import (
    ChangeCounts,
    ChangeKind,
    ChangePage,
    CollectiviteChange,
    ProductChange,
)
from registry.domain.rollout.periods import Period, period
from registry.exchange.lists import Format, Record
from registry.web import kept
from registry.web.exports import export, from_rows
from registry.web.queries import PAGE
from registry.web.rollout.scopes import Asked, asked
from registry.web.visits import Visit

SINCE, UNTIL, KIND, TURNED = "depuis", "jusqua", "genre", "verdict"
WEEK = timedelta(days=7)
KINDS: Mapping[ChangeKind, tuple[str, str]] = {
    ChangeKind.NEWLY_CONNECTED: ("nouvellement raccordée", "nouvellement raccordées"),
    ChangeKind.NEWLY_READY: ("nouvellement prête", "nouvellement prêtes"),
    ChangeKind.NEWLY_BLOCKED: ("nouvellement bloquée", "nouvellement bloquées"),
    ChangeKind.NO_LONGER_CONNECTED: ("n’est plus raccordée", "ne sont plus raccordées"),
}
SILENCES = ("undeclared_before", "undeclared_after")
"""Whether the vendor had said nothing: never told as blocking alone."""
COLUMNS = ("code", "name", "before", "after", *SILENCES)
PRODUCT_COLUMNS = (
    *("vendor_siren", "slug", "name", "verdict_before", "verdict_after"),
    *ChangeCounts.__slots__,
    *SILENCES,
)


@dataclass(frozen=True, slots=True)
class Seen:
    asked: Asked
    period: Period
    kind: ChangeKind | None
    turned: bool

    @property
    def page(self) -> Page:
        return self.asked.query.page(PAGE)


async def show(visit: Visit) -> Response:
    seen = await _seen(visit)
    key = ("changes", seen.asked.scope, seen.period, seen.kind, seen.page)
    counts, found = await kept.read(
        visit, key, partial(_read, seen), 2 * CHANGES.of(seen.asked.scope)
    )
    return visit.page(
        "rollout/changes.html",
        asked=seen.asked,
        period=seen.period,
        kind=seen.kind,
        kinds=KINDS,
        counts=asdict(counts),
        found=found,
    )


async def show_products(visit: Visit) -> Response:
    seen = await _seen(visit)
    key = ("changed", seen.asked.scope, seen.period, seen.turned, seen.page)
    found = await kept.read(
        visit, key, partial(_read_products, seen, seen.page), CHANGES.of(seen.asked.scope)
    )
    return visit.page(
        "rollout/changed_products.html",
        asked=seen.asked,
        period=seen.period,
        turned=seen.turned,
        found=found,
    )


async def file(format: Format, visit: Visit) -> Response:
    seen = await _seen(visit)

    async def read(session: AsyncSession) -> Iterable[Record]:
        found = await changes.of_collectivites(session, seen.asked.scope, seen.period, seen.kind)
        return (
            {"code": row.code, "name": row.name, "before": row.before, "after": row.after}
            | _silences(row)
            for row in found.slice.rows
        )

    return await export(
        visit, format, "changements", from_rows(COLUMNS, read), CHANGES.of(seen.asked.scope)
    )


async def file_products(format: Format, visit: Visit) -> Response:
    seen = await _seen(visit)

    async def read(session: AsyncSession) -> Iterable[Record]:
        found = await _read_products(seen, None, session)
        return (
            {"vendor_siren": row.vendor_siren, "slug": row.slug, "name": row.name}
            | {"verdict_before": row.before, "verdict_after": row.after}
            | asdict(row.counts)
            | _silences(row)
            for row in found.slice.rows
        )

    source = from_rows(PRODUCT_COLUMNS, read)
    return await export(
        visit, format, "changements-logiciels", source, CHANGES.of(seen.asked.scope)
    )


def _silences(row: CollectiviteChange | ProductChange) -> dict[str, object]:
    return dict(zip(SILENCES, (row.silent_before, row.silent_after), strict=True))


async def _seen(visit: Visit) -> Seen:
    wanted = await asked(visit)
    query = wanted.query
    until = query.date(UNTIL) or visit.today
    since = query.date(SINCE) or min(until, visit.today) - WEEK
    async with visit.database.read() as session:
        compared = await period(session, since=since, until=until)
    turned = query.get(TURNED) == "change"
    return Seen(wanted, compared, query.word(KIND, ChangeKind), turned)


async def _read(
    seen: Seen, session: AsyncSession
) -> tuple[ChangeCounts, ChangePage[CollectiviteChange]]:
    scope = seen.asked.scope
    return (
        await changes.count(session, scope, seen.period),
        await changes.of_collectivites(session, scope, seen.period, seen.kind, seen.page),
    )


async def _read_products(
    seen: Seen, page: Page | None, session: AsyncSession
) -> ChangePage[ProductChange]:
    scope = seen.asked.scope
    return await changes.of_products(session, scope, seen.period, page, turned=seen.turned)
