"""Small geographies in which communes merge, and the links that meet there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.actor import ADMINISTRATOR
from registry.exchange.geography import (
    Commune,
    Departement,
    DepartementBody,
    Epci,
    Geography,
    Region,
)
from registry.exchange.referential import Report, load

A, B, S, T = "59001", "59002", "59003", "59004"
SIREN_OF = {A: "215900010", B: "215900028", S: "215900036", T: "215900044"}
EPCI = "245900410"


def commune(code: str, *former: str, siren: str | None = None, epci: str | None = None) -> Commune:
    return Commune(code, f"Commune {code}", siren or SIREN_OF[code], 100, "59", "32", epci, former)


def geography(vintage: int, *communes: Commune) -> Geography:
    epcis = sorted({c.epci for c in communes if c.epci})
    return Geography(
        vintage,
        communes,
        tuple(Epci(siren, f"EPCI {siren}", "CC") for siren in epcis),
        (Departement("59", "Nord", "32"),),
        (Region("32", "Hauts-de-France"),),
        (DepartementBody("225900018", "Nord", ("59",)),),
    )


BEFORE = geography(2022, commune(A), commune(B), commune(S))
AFTER = geography(2026, commune(S, A, B))


@dataclass(frozen=True, slots=True)
class Period:
    body: str
    since: date
    until: date | None = None
    declared_by: str = "VENDOR"
    confirmed_by: str | None = None
    operator: str | None = None
    demarche: str = "URBANISME"


def on(month: int) -> date:
    return date(2020, month, 1)


async def fetch(session: AsyncSession, statement: str, **values: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await session.execute(sa.text(statement), values)]


async def begin(session: AsyncSession, past: Geography = BEFORE) -> None:
    await load(session, ADMINISTRATOR, past)
    await session.execute(
        sa.text(
            "WITH v AS (INSERT INTO vendor (siren, name, search)"
            " VALUES ('999900004', 'Éditeur', 'editeur') RETURNING id)"
            " INSERT INTO product (vendor_id, slug, name, citizen_login, demarches, search)"
            " SELECT id, 'guichet', 'Guichet', true, '{URBANISME,ETAT_CIVIL}', 'guichet' FROM v"
        )
    )


async def deploy(session: AsyncSession, *periods: Period) -> None:
    for period in periods:
        await session.execute(
            sa.text(
                "INSERT INTO deployment (collectivite_id, product_id, demarche, since, until,"
                " declared_by, confirmed_by, operator)"
                " SELECT c.id, p.id, :demarche, :since, :until, :declared_by, :confirmed_by,"
                " :operator FROM collectivite c, product p WHERE c.insee = :body"
            ),
            {name: getattr(period, name) for name in Period.__slots__},
        )


async def activate(session: AsyncSession, body: str, *states: str) -> None:
    """One step a month, from January 2020."""
    for month, state in enumerate(states, start=1):
        await session.execute(
            sa.text(
                "INSERT INTO activation (collectivite_id, product_id, demarche, service, state,"
                " effective_on, effective_until, declared_by) SELECT c.id, p.id, 'URBANISME',"
                " 'FRANCECONNECT_V2', :state, :since, :until, 'COLLECTIVITE'"
                " FROM collectivite c, product p WHERE c.insee = :body"
            ),
            {
                "body": body,
                "state": state,
                "since": on(month),
                "until": on(month + 1) if month < len(states) else None,
            },
        )


async def move(
    session: AsyncSession, present: Geography = AFTER, older: Sequence[Geography] = ()
) -> Report:
    return await load(session, ADMINISTRATOR, present, older)


async def periods(session: AsyncSession) -> list[tuple[Any, ...]]:
    return await fetch(
        session,
        "SELECT insee, since, until FROM deployment JOIN collectivite"
        " ON collectivite.id = collectivite_id ORDER BY insee, demarche, since",
    )


async def histories(session: AsyncSession) -> list[tuple[Any, ...]]:
    return await fetch(
        session,
        "SELECT insee, state FROM activation JOIN collectivite"
        " ON collectivite.id = collectivite_id ORDER BY insee, effective_on",
    )


async def means(session: AsyncSession, code: str) -> list[str]:
    found = await fetch(
        session,
        "SELECT body.code FROM collectivite_code AS known JOIN collectivite AS body"
        " ON body.id = collectivite_id WHERE known.code = :code",
        code=code,
    )
    return [row[0] for row in found]


async def entries(session: AsyncSession, action: str, noun: str) -> list[dict[str, Any]]:
    found = await fetch(
        session,
        "SELECT convert_from(payload, 'UTF8')::json FROM ledger WHERE noun = :noun"
        " AND convert_from(payload, 'UTF8')::json ->> 'action' = :action ORDER BY seq",
        noun=noun,
        action=action,
    )
    return [row[0] for row in found]
