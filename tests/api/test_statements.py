"""The number of statements of a list doesn't depend on its length."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from models import (
    Activation,
    ActivationState,
    Commitment,
    CommitmentState,
    Demarche,
    Integration,
    IntegrationState,
    Service,
    Source,
)
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask
from tests.factories import add, commune, deployment, product, vendor


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def add_towns(database: Database, numbers: range) -> None:
    """Each town with its own vendor, product, commitment, deployment and activation."""
    school = Demarche.PERISCOLAIRE
    said = {"effective_on": date(2024, 1, 1), "declared_by": Source.VENDOR}
    async with database.transaction(ADMINISTRATOR) as session:
        for number in numbers:
            owner = vendor(30000000 + number, f"Éditeur {number}")
            town = commune(f"01{number:03d}", f"Ville {number}", 100 + number)
            await add(session, owner, town)
            used = product(owner, "produit", f"Produit {number}", school)
            await add(session, used)
            state = IntegrationState.QUALIFIED if number % 2 else IntegrationState.SANDBOX
            service = Service.FRANCECONNECT_V2
            await add(
                session,
                Integration(product_id=used.id, service=service, state=state, **said),
                Commitment(vendor_id=owner.id, state=CommitmentState.SIGNED, **said),
                deployment(town, used, school),
                Activation(
                    collectivite_id=town.id,
                    product_id=used.id,
                    demarche=school,
                    service=service,
                    state=ActivationState.PLANNED,
                    **said,
                ),
            )


def length(reply: Any) -> int:
    (found,) = reply.values()
    if isinstance(found, dict):
        found = found.get("edges", found.get("signatoryVendors"))
    return len(found)


@pytest.mark.parametrize(
    ("operation", "variables", "lengths"),
    [
        ("Vendors", {}, (3, 30)),
        ("Products", {}, (3, 30)),
        ("Collectivites", {}, (3, 30)),
        ("Blockers", {}, (2, 15)),
        ("BlockersByVendor", {}, (2, 15)),
        ("Search", {"text": "ville"}, (3, 30)),
        ("Campaign", {}, (3, 30)),
    ],
)
async def test_a_longer_list_takes_no_more_statements(
    ask: Ask,
    database: Database,
    operation: str,
    variables: dict[str, str],
    lengths: tuple[int, int],
) -> None:
    first = {} if operation == "Campaign" else {"first": 50}
    await add_towns(database, range(3))
    with counted(database) as few:
        assert length(await ask(operation, **variables, **first)) == lengths[0]
    await add_towns(database, range(3, 30))
    with counted(database) as many:
        assert length(await ask(operation, **variables, **first)) == lengths[1]
    assert few
    assert sorted(few) == sorted(many)


async def test_a_page_far_away_takes_no_more_statements_than_the_second(
    ask: Ask, database: Database
) -> None:
    await add_towns(database, range(30))
    edges = (await ask("Vendors", first=30))["vendors"]["edges"]
    with counted(database) as near:
        await ask("Vendors", first=2, after=edges[1]["cursor"])
    with counted(database) as far:
        await ask("Vendors", first=2, after=edges[25]["cursor"])
    assert sorted(near) == sorted(far)
