"""Who reads a dispute: the collectivité, the accused vendor and the ministry; its count, anyone."""

import sqlalchemy as sa

from models import Source, TokenScope
from registry.database import Database
from registry.domain import history
from registry.domain.actor import ADMINISTRATOR
from registry.domain.pages import Page
from tests.api.conftest import Ask, Token
from tests.api.test_disputes.conftest import (
    AUBEPINE,
    EBENE,
    ELOISE,
    Parties,
    Registry,
    moved,
    town_siren,
)

DETAIL = {
    "kind": "SURCHARGE",
    "service": None,
    "surchargeKind": "ONE_OFF_FEES",
    "amountCents": 150000,
    "statement": "Un devis nous demande 1 500 € pour FranceConnect.",
    "state": "OPEN",
    "collectivite": {"code": ELOISE},
    "product": {"slug": "famille"},
}
PLACES = {
    "ProductDisputes": ("product", {"vendorSiren": EBENE, "slug": "famille"}),
    "VendorDisputes": ("vendor", {"siren": EBENE}),
    "CollectiviteDisputes": ("collectivite", {"code": ELOISE}),
}


async def test_the_parties_read_the_detail_and_the_public_a_count(
    registry: Registry, ask: Ask, read_as: Ask, parties: Parties, token: Token
) -> None:
    dispute = (await registry.surcharge())["id"]
    other = await token(AUBEPINE)
    blind = await token(town_siren(ELOISE), scopes=[TokenScope.DECLARE])
    for operation, (noun, variables) in PLACES.items():
        for by in (parties.eloise, parties.vendor, parties.ministry):
            found = (await read_as(operation, by, **variables))[noun]["disputes"]
            assert found["totalCount"] == 1
            assert [edge["node"] for edge in found["edges"]] == [DETAIL | {"id": dispute}]
        for by in (None, parties.bois, other, blind):
            found = (await read_as(operation, by, **variables))[noun]["disputes"]
            assert (found["totalCount"], found["edges"]) == (0, [])
    product = await ask("ProductDisputes", **PLACES["ProductDisputes"][1])
    vendor = await ask("VendorDisputes", **PLACES["VendorDisputes"][1])
    town = await ask("CollectiviteDisputes", **PLACES["CollectiviteDisputes"][1])
    assert product["product"]["openDisputeCount"] == vendor["vendor"]["openDisputeCount"] == 1
    assert town["collectivite"]["disputes"]["totalCount"] == 0


async def test_the_history_of_a_product_does_not_tell_who_disputes(
    registry: Registry, write: Ask, parties: Parties, database: Database
) -> None:
    dispute = (await registry.surcharge())["id"]
    await write("WithdrawDispute", parties.eloise, dispute=dispute)
    async with database.read() as session:
        used = await session.scalar(sa.text("SELECT id FROM product WHERE slug = 'famille'"))
        entries = (await history.page(session, "product", used, Page())).rows
    assert [(entry.became, entry.declared_by, entry.organisation) for entry in entries] == [
        ("SIGNED", Source.COLLECTIVITE, None),
        ("BREACH_ALLEGED", Source.COLLECTIVITE, None),
    ]
    assert {entry.organisation_name for entry in entries} == {None}


async def test_an_id_gives_a_dispute_to_those_who_may_read_it(
    registry: Registry, read_as: Ask, parties: Parties
) -> None:
    dispute = (await registry.surcharge())["id"]
    for by in (parties.eloise, parties.vendor, parties.ministry):
        assert (await read_as("Node", by, id=dispute))["node"]["__typename"] == "Dispute"
    for by in (None, parties.bois):
        assert (await read_as("Node", by, id=dispute))["node"] is None


async def test_who_may_not_read_still_gets_what_it_wrote(
    registry: Registry, token: Token, world: None
) -> None:
    blind = await token(town_siren(ELOISE), scopes=[TokenScope.DECLARE])
    first = await registry.surcharge(blind, idempotencyKey="un")
    assert first["__typename"] == "Dispute"
    assert await registry.surcharge(blind, idempotencyKey="un") == first


async def test_disputes_come_by_pages_the_last_opened_first(
    registry: Registry, read_as: Ask, parties: Parties
) -> None:
    opened = [
        (await registry.surcharge())["id"],
        (await registry.contest())["id"],
        (await registry.surcharge(parties.bois, town="01001"))["id"],
    ]
    given = {"vendorSiren": EBENE, "slug": "famille", "first": 2}
    first = (await read_as("ProductDisputes", parties.vendor, **given))["product"]["disputes"]
    after = first["pageInfo"]["endCursor"]
    rest = (await read_as("ProductDisputes", parties.vendor, **given, after=after))["product"]
    found = [edge["node"]["id"] for edge in first["edges"] + rest["disputes"]["edges"]]
    assert found == opened[::-1]
    assert first["totalCount"] == 3
    mine = await read_as("ProductDisputes", parties.bois, **given)
    assert mine["product"]["disputes"]["totalCount"] == 1


async def test_the_successor_carries_the_disputes_of_a_merged_commune(
    registry: Registry, database: Database, write: Ask, read_as: Ask, parties: Parties
) -> None:
    """Its deployments follow it; the dispute stays on the closed row, and is the successor's."""
    dispute = (await registry.surcharge())["id"]
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(MERGER))
    found = (await read_as("CollectiviteDisputes", parties.bois, code="01001"))["collectivite"]
    assert [edge["node"]["id"] for edge in found["disputes"]["edges"]] == [dispute]
    assert found["disputes"]["edges"][0]["node"]["collectivite"] == {"code": "01001"}
    again = await registry.surcharge(parties.bois, town=ELOISE)
    assert (again["__typename"], again["field"]) == ("AlreadyExists", "product")
    await moved(write("WithdrawDispute", parties.bois, dispute=dispute), "WITHDRAWN")
    assert await registry.commitment() == "SIGNED"


MERGER = """
    WITH heir AS (SELECT id FROM collectivite WHERE insee = '01001'),
    gone AS (
        UPDATE collectivite SET closed_on = '2026-01-01', strata = '{}', successor_id = heir.id
        FROM heir WHERE insee = '01002' RETURNING collectivite.id
    ),
    code AS (
        INSERT INTO collectivite_former_code (former_code, collectivite_id)
        SELECT '01002', id FROM heir
    )
    UPDATE deployment SET until = '2026-01-01' FROM gone WHERE collectivite_id = gone.id
"""
