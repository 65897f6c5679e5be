"""What the tests of the DataPass import share."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.exchange.bundle import BundleRefused, Fault
from registry.exchange.datapass import Report, import_datapass
from registry.settings import ROOT

FIXTURE = ROOT / "fixtures" / "datapass" / "vendors.yml"
HEADER = 2
SIREN = "000001016"
SIRET, OTHER_SIRET, SAME_SIREN = "00000101600286", "00000102400355", "00000101600013"

STEPS = """
SELECT siren, slug, service, state, declared_by, evidence_level, effective_on, effective_until,
       actor, reason
FROM integration JOIN product ON product.id = product_id JOIN vendor ON vendor.id = vendor_id
ORDER BY siren, slug, service, integration.id
"""
ENTRIES = """
SELECT noun, convert_from(payload, 'UTF8')::json->>'action' AS action, count(*) FROM ledger
WHERE convert_from(payload, 'UTF8')::json->>'actor' <> 'migration' GROUP BY 1, 2 ORDER BY 1
"""


async def imported(database: Database, path: Path) -> Report:
    async with database.transaction(ADMINISTRATOR) as session:
        return await import_datapass(session, ADMINISTRATOR, path)


async def rows(database: Database, statement: str) -> list[Any]:
    async with database.read() as session:
        return list((await session.execute(sa.text(statement))).all())


async def refusal(database: Database, path: Path) -> Fault:
    with pytest.raises(BundleRefused) as refused:
        await imported(database, path)
    (fault,) = refused.value.faults
    return fault


def places(faults: Any) -> list[tuple[int, str, str]]:
    """Lines count from the first entry's."""
    return [(fault.line - HEADER, fault.column, fault.value) for fault in faults]


def entry(siret: str = f'"{SIRET}"', *flags: str, key: str = "brumelune") -> str:
    lines = [f"{key}:", "  type: editor", "  name: Brumelune", f"  siret: {siret}"]
    return "\n".join(lines + [f"  {flag}" for flag in flags])


async def declare(database: Database, *steps: tuple[str, str, int], service: str) -> None:
    """Steps of the product that ``entry()`` names: who, state, days ago."""
    async with database.transaction(ADMINISTRATOR) as session:
        vendor = await session.scalar(
            sa.text(
                "INSERT INTO vendor (siren, name, search) VALUES (:s, 'Ancien nom', 'ancien')"
                " RETURNING id"
            ),
            {"s": SIREN},
        )
        product = await session.scalar(
            sa.text(
                "INSERT INTO product (vendor_id, slug, name, citizen_login, demarches, search)"
                " VALUES (:v, 'brumelune', 'Ancien produit', false, '{URBANISME}', 'ancien')"
                " RETURNING id"
            ),
            {"v": vendor},
        )
        days = [today() - timedelta(days=ago) for *_, ago in steps]
        for (who, state, _), day, until in zip(steps, days, [*days, None][1:], strict=True):
            await session.execute(
                sa.text(
                    "INSERT INTO integration (product_id, service, state, effective_on,"
                    " effective_until, declared_by, evidence_level)"
                    " VALUES (:p, :service, :state, :day, :until, :who, 'SELF_DECLARED')"
                ),
                {
                    "p": product,
                    "service": service,
                    "state": state,
                    "day": day,
                    "until": until,
                    "who": who,
                },
            )
