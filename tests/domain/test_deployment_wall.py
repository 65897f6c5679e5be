"""The second wall around links, with the first one off: SQL by each side."""

from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, Actor, Role
from registry.domain.constraints import INSUFFICIENT_PRIVILEGE
from tests.factories import add_world

OPERATOR = "200000990"
ROWS = """
    UPDATE deployment SET declared_by = '{declared}', confirmed_by = {confirmed}, until = {until},
        operator = '{operator}'
    FROM collectivite, product
    WHERE collectivite.id = collectivite_id AND insee = '01002'
      AND product.id = product_id AND slug = 'famille'
"""
CHANGE = """
    UPDATE deployment SET {change} FROM collectivite, product
    WHERE collectivite.id = collectivite_id AND insee = '01002'
      AND product.id = product_id AND slug = 'famille'
"""
INSERT = """
    INSERT INTO deployment (collectivite_id, product_id, demarche, since, declared_by, confirmed_by)
    SELECT collectivite.id, product.id, 'RESTAURATION_SCOLAIRE', '2024-01-01', {word}
    FROM collectivite, product WHERE insee = '01002' AND slug = 'famille'
"""
TOWN = "SELECT id FROM collectivite WHERE insee = '01002'"
VENDOR = "SELECT vendor_id FROM product WHERE slug = 'famille'"
OTHERS = "SELECT id FROM vendor WHERE name = 'Aubépine'"

Sides = dict[str, Actor]


@pytest.fixture
async def sides(database: Database) -> Sides:
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
        town, vendor, other = [
            frozenset(await session.scalars(sa.text(query))) for query in (TOWN, VENDOR, OTHERS)
        ]
    return {
        "town": Actor(Role.MEMBER, "town", collectivites=town),
        "vendor": Actor(Role.MEMBER, "vendor", vendors=vendor),
        "competitor": Actor(Role.MEMBER, "competitor", vendors=other),
        "operator": Actor(Role.MEMBER, "operator", sirens=frozenset({OPERATOR})),
        "ministry": Actor(Role.MINISTRY, "ministry"),
    }


@pytest.fixture
def stand(database: Database) -> Callable[..., Awaitable[None]]:
    async def set_up(declared: str, confirmed: str | None, until: str | None = None) -> None:
        values = {
            "declared": declared,
            "confirmed": f"'{confirmed}'" if confirmed else "NULL",
            "until": f"DATE '{until}'" if until else "NULL",
            "operator": OPERATOR,
        }
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(sa.text(ROWS.format(**values)))

    return set_up


async def changed(database: Database, actor: Actor, statement: str) -> int | None:
    """How many rows; None where the wall refused."""
    try:
        async with database.transaction(actor) as session:
            result = await session.execute(sa.text(statement))
            return int(result.rowcount)  # type: ignore[attr-defined]
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        return None


@pytest.mark.parametrize(
    ("side", "change", "rows"),
    [
        ("vendor", "since = '2022-01-01'", None),
        ("vendor", "since = '2022-01-01', confirmed_by = NULL", None),
        ("vendor", "since = '2022-01-01', confirmed_by = NULL, declared_by = 'VENDOR'", 1),
        ("vendor", "operator = '999900004', confirmed_by = NULL", None),
        ("vendor", "confirmed_by = NULL, declared_by = 'MINISTRY'", None),
        ("vendor", "until = '2025-01-01'", 1),
        ("vendor", "confirmed_by = 'MINISTRY'", None),
        ("town", "since = '2022-01-01'", None),
        ("town", "since = '2022-01-01', confirmed_by = NULL", 1),
        ("town", "confirmed_by = NULL, declared_by = 'VENDOR'", None),
        ("town", "until = '2025-01-01'", 1),
        ("operator", "since = '2022-01-01', confirmed_by = NULL", 1),
        ("operator", "since = '2022-01-01', confirmed_by = NULL, declared_by = 'VENDOR'", None),
        ("operator", "until = '2025-01-01'", 1),
        ("competitor", "since = '2022-01-01'", 0),
        ("competitor", "until = '2025-01-01'", 0),
        ("ministry", "since = '2022-01-01', confirmed_by = NULL, declared_by = 'MINISTRY'", 1),
    ],
)
async def test_a_link_that_the_town_declared_and_the_vendor_confirmed(
    database: Database,
    sides: Sides,
    stand: Callable[..., Awaitable[None]],
    side: str,
    change: str,
    rows: int | None,
) -> None:
    await stand("COLLECTIVITE", "VENDOR")
    assert await changed(database, sides[side], CHANGE.format(change=change)) == rows


@pytest.mark.parametrize(
    ("side", "change", "rows"),
    [
        ("vendor", "confirmed_by = 'COLLECTIVITE'", None),
        ("vendor", "until = NULL", 1),
        ("vendor", "until = '2027-01-01', operator = NULL", 1),
        ("town", "confirmed_by = 'COLLECTIVITE'", 1),
        ("town", "until = NULL", None),
        ("town", "until = NULL, declared_by = 'COLLECTIVITE'", 1),
        ("operator", "confirmed_by = 'COLLECTIVITE'", 0),
        ("operator", "until = NULL", 0),
        ("ministry", "confirmed_by = 'MINISTRY'", 1),
    ],
)
async def test_a_link_that_the_vendor_alone_declared_and_ended(
    database: Database,
    sides: Sides,
    stand: Callable[..., Awaitable[None]],
    side: str,
    change: str,
    rows: int | None,
) -> None:
    await stand("VENDOR", None, "2025-06-01")
    assert await changed(database, sides[side], CHANGE.format(change=change)) == rows


@pytest.mark.parametrize(
    ("side", "word", "rows"),
    [
        ("town", "'COLLECTIVITE', NULL", 1),
        ("vendor", "'VENDOR', NULL", 1),
        ("ministry", "'COLLECTIVITE', NULL", 1),
        ("ministry", "'MINISTRY', NULL", 1),
        ("town", "'VENDOR', NULL", None),
        ("town", "'COLLECTIVITE', 'VENDOR'", None),
        ("vendor", "'COLLECTIVITE', NULL", None),
        ("vendor", "'VENDOR', 'COLLECTIVITE'", None),
        ("operator", "'COLLECTIVITE', NULL", None),
        ("competitor", "'VENDOR', NULL", None),
    ],
)
async def test_a_new_link(
    database: Database, sides: Sides, side: str, word: str, rows: int | None
) -> None:
    assert await changed(database, sides[side], INSERT.format(word=word)) == rows
