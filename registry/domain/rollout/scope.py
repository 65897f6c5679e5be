"""What an answer is asked about."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import CollectiviteKind, Demarche, Stratum, TerritoryKind
from registry.domain.clock import today
from registry.domain.errors import InvalidInput
from registry.domain.identifiers import code_kind, compact, is_siret


class Basis(StrEnum):
    DECLARED = "DECLARED"
    CONFIRMED = "CONFIRMED"


@dataclass(frozen=True, slots=True)
class Scope:
    """Every part narrows; none given is the whole country today, on declared links.

    An empty ``strata`` doesn't narrow. ``departement`` and ``region`` are COG codes, ``epci`` a
    SIREN: the EPCI itself and its member communes.
    """

    strata: tuple[Stratum, ...] = ()
    departement: str | None = None
    region: str | None = None
    epci: str | None = None
    demarche: Demarche | None = None
    basis: Basis = Basis.DECLARED
    as_of: date | None = None

    @property
    def narrowed(self) -> bool:
        """The campaign's total only has a meaning when nothing but the date and basis is set."""
        territory = self.departement or self.region or self.epci
        return bool(self.strata or territory or self.demarche)

    @property
    def listed_strata(self) -> tuple[Stratum, ...]:
        """In the order of the charter, once each."""
        return tuple(stratum for stratum in Stratum if not self.strata or stratum in self.strata)


@dataclass(frozen=True, slots=True)
class Bound:
    """A scope checked against the registry: SQL conditions and the values they bind."""

    as_of: date
    bodies: str
    deployments: str
    activations: str
    values: dict[str, Any] = field(default_factory=dict)
    stored: bool = False
    """Whether the derived tables hold for that day and basis, démarches together."""
    whole: bool = False
    """Whether no territory narrows it: the derived counts are then enough."""


STANDING = sa.text(
    "SELECT accepted_services, derivation.as_of AS derived_on,"
    " EXISTS (SELECT FROM touched) AS touched,"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
    " FROM campaign CROSS JOIN derivation"
)
"""Also has the rest of the transaction planned for the values it is given: what follows depends on
a date, a territory or a list of bodies, of which no plan made for any value is good.
"""
TERRITORY = sa.text("SELECT count(*) FROM territory WHERE kind = :kind AND code = :code")
EPCI = sa.text("""
    SELECT body.id, body.kind, body.name, epci.name AS epci_name, epci.siren AS epci_siren
    FROM collectivite_code
    JOIN collectivite AS body ON body.id = collectivite_id
    LEFT JOIN collectivite AS epci ON epci.id = body.epci_id
    WHERE collectivite_code.code = :code
    ORDER BY body.kind = 'EPCI' DESC LIMIT 1
""")


async def bind(session: AsyncSession, scope: Scope) -> Bound:
    """Raise ``InvalidInput`` for a territory that the registry does not know."""
    as_of = scope.as_of or today()
    standing = (await session.execute(STANDING)).one()
    values: dict[str, Any] = {
        "as_of": as_of,
        "accepted": standing.accepted_services,
        "strata": [*scope.listed_strata],
        "basis": scope.basis.value,
    }
    bodies = ["closed_on IS NULL", "strata && CAST(:strata AS text[])"]
    if scope.departement is not None:
        values["departement"] = await known_territory(
            session, TerritoryKind.DEPARTEMENT, "departement", scope.departement
        )
        bodies.append("departements @> ARRAY[CAST(:departement AS text)]")
    if scope.region is not None:
        values["region"] = await known_territory(
            session, TerritoryKind.REGION, "region", scope.region
        )
        bodies.append("regions @> ARRAY[CAST(:region AS text)]")
    if scope.epci is not None:
        values["epci"] = await known_epci(session, scope.epci)
        bodies.append("(id = :epci OR epci_id = :epci)")
    whole = len(bodies) == 2
    among = "true" if whole else "collectivite_id IN (SELECT id FROM body)"
    return Bound(
        as_of,
        " AND ".join(bodies),
        *_usages(values, among, scope.demarche, scope.basis),
        values,
        stored=scope.demarche is None and as_of == standing.derived_on and not standing.touched,
        whole=whole,
    )


async def bind_bodies(
    session: AsyncSession,
    ids: list[int],
    *,
    demarche: Demarche | None = None,
    as_of: date | None = None,
    basis: Basis = Basis.DECLARED,
) -> Bound:
    """The given collectivités, whatever their strata."""
    day = as_of or today()
    standing = (await session.execute(STANDING)).one()
    accepted = standing.accepted_services
    values: dict[str, Any] = {"as_of": day, "accepted": accepted, "ids": ids, "basis": basis.value}
    among = "collectivite_id = ANY(:ids)"
    return Bound(
        day,
        "id = ANY(:ids)",
        *_usages(values, among, demarche, basis),
        values,
        stored=demarche is None and day == standing.derived_on and not standing.touched,
    )


def of_bodies(basis: Basis) -> Bound:
    """The open ones among ``ids``; all the values are bound by who runs it."""
    among = "collectivite_id = ANY(:ids)"
    usages = _usages({}, among, None, basis)
    return Bound(date.min, "id = ANY(:ids) AND closed_on IS NULL", *usages)


async def bind_all(session: AsyncSession, as_of: date, basis: Basis) -> Bound:
    """Every open collectivité, whatever its strata; nothing that is derived is read."""
    accepted = (await session.execute(STANDING)).one().accepted_services
    values: dict[str, Any] = {"as_of": as_of, "accepted": accepted, "basis": basis.value}
    return Bound(as_of, "closed_on IS NULL", *_usages(values, "true", None, basis), values)


async def bind_open(session: AsyncSession) -> Bound:
    """Every open collectivité, whatever its strata, today: as it was derived where that holds."""
    standing = (await session.execute(STANDING)).one()
    bound = await bind_all(session, today(), Basis.DECLARED)
    return replace(bound, stored=bound.as_of == standing.derived_on and not standing.touched)


def _usages(
    values: dict[str, Any], among: str, demarche: Demarche | None, basis: Basis
) -> tuple[str, str]:
    """What the deployments must satisfy, and their activations."""
    conditions = [among]
    if demarche is not None:
        values["demarche"] = demarche.value
        conditions.append("demarche = :demarche")
    activations = " AND ".join(conditions)
    if basis is Basis.CONFIRMED:
        conditions.append("(confirmed_by IS NOT NULL OR declared_by = 'MINISTRY')")
    return " AND ".join(conditions), activations


async def known_territory(
    session: AsyncSession, kind: TerritoryKind, field_name: str, code: str
) -> str:
    wanted = code.strip().upper()
    well_formed = wanted.isascii() and wanted.isalnum()
    if not (well_formed and await session.scalar(TERRITORY, {"kind": kind.value, "code": wanted})):
        noun = "département" if kind is TerritoryKind.DEPARTEMENT else "région"
        raise InvalidInput(field_name, f"Code de {noun} inconnu : « {code} » (code officiel, COG).")
    return wanted


async def known_epci(session: AsyncSession, siren: str) -> int:
    """Raise ``InvalidInput`` for any other code; that of a commune is told its intercommunalité."""
    wanted = compact(siren).upper()
    row = None
    if code_kind(wanted) is not None:
        code = wanted[:9] if is_siret(wanted) else wanted
        row = (await session.execute(EPCI, {"code": code})).first()
    if row is None:
        raise InvalidInput("epci", f"Aucune intercommunalité n’a le SIREN « {siren} ».")
    if row.kind != CollectiviteKind.EPCI:
        member = f" : elle est membre de {row.epci_name} (SIREN {row.epci_siren})"
        raise InvalidInput(
            "epci",
            f"« {siren} » désigne {row.name}, qui n’est pas une intercommunalité"
            f"{member if row.epci_siren else ''}.",
        )
    return int(row.id)
