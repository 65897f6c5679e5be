from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Collectivite, CollectiviteKind, Product, Stratum, TerritoryKind
from registry.domain import days, ledger, names, pages, postal_codes
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import InvalidInput, NotFound
from registry.domain.filters import among
from registry.domain.identifiers import CodeKind, code_kind, compact
from registry.domain.pages import Key, Ordering, Page, Slice
from registry.domain.policy import Action, Subject, admit, authorise
from registry.domain.rollout.readiness import Readiness, standing
from registry.domain.rollout.scope import known_epci, known_territory
from registry.domain.turns import take_turn_on


class CollectiviteOrder(StrEnum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    POPULATION_ASC = "POPULATION_ASC"
    POPULATION_DESC = "POPULATION_DESC"
    KEY_ASC = "KEY_ASC"
    KEY_DESC = "KEY_DESC"


@dataclass(frozen=True, slots=True)
class CollectiviteFilter:
    """Every part narrows; an empty list doesn't. ``departement`` and ``region`` are COG codes,
    ``epci`` a SIREN (the EPCI itself and its members). A body whose population is unknown is
    outside any bound. ``silent`` narrows ``readiness`` further: see ``rollout.readiness``.
    """

    text: str | None = None
    kinds: tuple[CollectiviteKind, ...] = ()
    strata: tuple[Stratum, ...] = ()
    departement: str | None = None
    region: str | None = None
    epci: str | None = None
    min_population: int | None = None
    max_population: int | None = None
    readiness: Readiness | None = None
    silent: bool = False


_NAME = sa.collate(col(Collectivite.search), "C")
_CODE = sa.type_coerce(col(Collectivite.code), sa.Text)
_PEOPLE = sa.func.coalesce(col(Collectivite.population), -1)

ORDERINGS = {
    CollectiviteOrder.NAME_ASC: Ordering("collectivite.name", (Key(_NAME), Key(_CODE))),
    CollectiviteOrder.NAME_DESC: Ordering(
        "collectivite.name.desc", (Key(_NAME, descending=True), Key(_CODE, descending=True))
    ),
    CollectiviteOrder.POPULATION_ASC: Ordering(
        "collectivite.population", (Key(_PEOPLE, int), Key(_CODE))
    ),
    CollectiviteOrder.POPULATION_DESC: Ordering(
        "collectivite.population.desc",
        (Key(_PEOPLE, int, descending=True), Key(_CODE, descending=True)),
    ),
    CollectiviteOrder.KEY_ASC: Ordering("collectivite.key", (Key(_CODE),)),
    CollectiviteOrder.KEY_DESC: Ordering("collectivite.key.desc", (Key(_CODE, descending=True),)),
}

HEIR = sa.func.coalesce(col(Collectivite.successor_id), col(Collectivite.id))
"""Whose a row is that may stand on a body closed since."""

BY_CODE = sa.text("SELECT collectivite_id FROM collectivite_code WHERE code = :code LIMIT 1")

CONCERNED = sa.text("""
    SELECT product.name FROM deployment JOIN product ON product.id = product_id
    WHERE collectivite_id = :id AND citizen_login
      AND since <= :day AND (until IS NULL OR until > :day)
    ORDER BY product.name LIMIT 1
""")


async def by_code(session: AsyncSession, code: str, field: str = "code") -> Collectivite | None:
    """INSEE, SIREN or SIRET; a code that vanished gives the successor, an arrondissement its
    commune. Raises ``InvalidInput`` for what is only a postal code.
    """
    wanted = checked_code(field, code)
    found = await session.scalar(BY_CODE, {"code": wanted})
    if found is not None:
        return await session.get(Collectivite, found)
    postal = await postal_codes.explain(session, wanted)
    if postal is not None:
        raise InvalidInput(field, f"{postal}.")
    return None


def checked_code(field: str, code: str) -> str:
    """As it stands in ``collectivite_code``: a SIRET is that of its SIREN."""
    wanted = compact(code).upper()
    kind = code_kind(wanted)
    if kind is None:
        raise InvalidInput(
            field,
            f"« {code} » n’est pas un code de collectivité : un code INSEE de commune"
            " (5 caractères), un SIREN (9 chiffres) ou un SIRET (14 chiffres) est attendu,"
            " avec sa clé de contrôle.",
        )
    return wanted[:9] if kind is CodeKind.SIRET else wanted


def heir_id(body: Collectivite) -> int:
    return body.successor_id or body.recorded_id


async def named(session: AsyncSession, field: str, code: str) -> Collectivite:
    """The one that a write is about. Raises ``NotFound``."""
    found = await by_code(session, code, field)
    if found is None:
        raise NotFound(field, f"Aucune collectivité n’a le code {code}.")
    return found


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Collectivite]:
    rows = await session.scalars(sa.select(Collectivite).where(among(col(Collectivite.id), ids)))
    return {row.id: row for row in rows if row.id is not None}


async def listed(
    session: AsyncSession, page: Page, wanted: CollectiviteFilter, order: CollectiviteOrder
) -> Slice[Collectivite]:
    query = sa.select(Collectivite).where(*await conditions(session, wanted))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def count(session: AsyncSession, wanted: CollectiviteFilter) -> int:
    query = sa.select(sa.func.count()).select_from(Collectivite)
    return await session.scalar(query.where(*await conditions(session, wanted))) or 0


async def conditions(
    session: AsyncSession, wanted: CollectiviteFilter
) -> list[sa.ColumnElement[bool]]:
    parts = [col(Collectivite.closed_on).is_(None), *_own_conditions(wanted)]
    if wanted.text is not None:
        parts.append(await names.called(session, "collectivite", col(Collectivite.id), wanted.text))
    if wanted.departement is not None:
        kind = TerritoryKind.DEPARTEMENT
        known = await known_territory(session, kind, "departement", wanted.departement)
        parts.append(col(Collectivite.departements).bool_op("@>")([known]))
    if wanted.region is not None:
        known = await known_territory(session, TerritoryKind.REGION, "region", wanted.region)
        parts.append(col(Collectivite.regions).bool_op("@>")([known]))
    if wanted.epci is not None:
        epci = await known_epci(session, wanted.epci)
        parts.append(sa.or_(col(Collectivite.id) == epci, col(Collectivite.epci_id) == epci))
    if wanted.readiness is not None:
        parts.append(await standing(session, wanted.readiness, silent=wanted.silent))
    return parts


def _own_conditions(wanted: CollectiviteFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.kinds:
        conditions.append(col(Collectivite.kind).in_(wanted.kinds))
    if wanted.strata:
        strata = [stratum.value for stratum in wanted.strata]
        conditions.append(col(Collectivite.strata).bool_op("&&")(strata))
    if wanted.min_population is not None:
        conditions.append(col(Collectivite.population) >= wanted.min_population)
    if wanted.max_population is not None:
        conditions.append(col(Collectivite.population) <= wanted.max_population)
    return conditions


def refuse_closed(field: str, body: Collectivite) -> None:
    """A code means its successor: only a body that has none comes here closed."""
    if body.closed_on is not None and body.closed_on <= today():
        raise InvalidInput(
            field,
            f"{body.name} n’existe plus depuis le {body.closed_on:%d/%m/%Y},"
            " et nul ne lui a succédé.",
        )


async def declare_no_online_demarche(
    session: AsyncSession, actor: Actor, code: str, since: date | None
) -> Collectivite:
    """From today on, unless a day is given. Refused while a software that citizens sign in to is
    in use; nothing is written where it is said already.
    """
    body = await _own(session, actor, code)
    refuse_closed("collectivite", body)
    day = days.past("since", since or today())
    used = await session.scalar(CONCERNED, {"id": body.id, "day": today()})
    if used is not None:
        raise InvalidInput(
            "collectivite",
            f"{body.name} utilise {used} : y mettre d’abord fin, si ce n’est plus vrai.",
        )
    if since is None and body.no_online_demarche_since is not None:
        return body
    return await _offline_since(session, body, day)


async def withdraw_no_online_demarche(
    session: AsyncSession, actor: Actor, code: str
) -> Collectivite:
    """Nothing is written where it was not said."""
    return await _offline_since(session, await _own(session, actor, code), None)


async def use_online(session: AsyncSession, collectivite_id: int, product_id: int) -> None:
    """By its own word it uses that product: what it said of having no online démarche falls."""
    body = await session.get_one(Collectivite, collectivite_id)
    product = await session.get_one(Product, product_id)
    if product.citizen_login:
        await session.refresh(body)  # It may have said so while this one waited for its turn.
        await _offline_since(session, body, None)


async def _own(session: AsyncSession, actor: Actor, code: str) -> Collectivite:
    admit(actor, Action.DECLARE_NO_DEMARCHE)
    body = await named(session, "collectivite", code)
    authorise(actor, Action.DECLARE_NO_DEMARCHE, Subject(collectivite=body.id))
    await take_turn_on(session, "collectivite", body.recorded_id)
    await session.refresh(body)
    return body


async def _offline_since(
    session: AsyncSession, body: Collectivite, day: date | None
) -> Collectivite:
    if body.no_online_demarche_since != day:
        body.no_online_demarche_since = day
        await session.flush()
        await ledger.append(session, "update", "collectivite", [body.recorded_id])
    return body
