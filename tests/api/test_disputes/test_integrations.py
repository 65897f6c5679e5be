"""What a contested integration shows, and what an upheld dispute does to it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from registry.database import Database
from tests.api.conftest import OPERATIONS, Ask, Written, credentials
from tests.api.test_disputes.conftest import ELOISE, Parties, Registry, moved

Read = Callable[..., Awaitable[str]]

V2 = "FRANCECONNECT_V2"
REASON = "Votre version 3.9 est antérieure à la 4.2."


async def integration(registry: Registry, service: str = V2) -> Any:
    rows = (await registry.product())["integrations"]
    return next(row for row in rows if row["service"] == service)


async def test_the_stored_level_shows_again_after_a_dispute(
    registry: Registry, write: Ask, parties: Parties, database: Database
) -> None:
    assert (await integration(registry))["evidenceLevel"] == "EVIDENCED"
    dispute = (await registry.contest())["id"]
    assert (await integration(registry))["evidenceLevel"] == "CONTESTED"
    assert (await integration(registry, "API_PARTICULIER"))["evidenceLevel"] == "SELF_DECLARED"
    product = await registry.product()
    assert (product["verdict"], product["commitment"]["state"]) == ("READY", "SIGNED")
    assert product["commitment"]["evidenceLevel"] == "SELF_DECLARED"
    levels = [(row["state"], row["evidenceLevel"]) for row in product["integrationHistory"]]
    assert ("QUALIFIED", "CONTESTED") in levels
    assert ("SANDBOX", "SELF_DECLARED") in levels
    async with database.read() as session:
        stored = set(await session.scalars(sa.text("SELECT evidence_level FROM integration")))
    assert stored == {"SELF_DECLARED", "EVIDENCED"}
    await moved(write("WithdrawDispute", parties.eloise, dispute=dispute), "WITHDRAWN")
    assert (await integration(registry))["evidenceLevel"] == "EVIDENCED"


async def test_an_upheld_dispute_suspends_what_was_qualified(
    registry: Registry, ask: Ask, written: Written, database: Database
) -> None:
    dispute = (await registry.contest())["id"]
    await registry.upheld(dispute)
    suspended = await integration(registry)
    assert suspended == {
        "service": V2,
        "state": "SUSPENDED",
        "declaredBy": "MINISTRY",
        "evidenceLevel": "EVIDENCED",
    }
    product = await registry.product()
    assert (product["verdict"], product["commitment"]["state"]) == ("NOT_INTEGRATED", "SIGNED")
    town = (await ask("CollectiviteReadiness", code=ELOISE))["collectivite"]
    assert town["readiness"] == "BLOCKED_BY_SOFTWARE"
    rows = (await ask("Blockers"))["blockers"]["edges"]
    assert "famille" in [row["node"]["product"]["slug"] for row in rows]
    assert [entry[:2] for entry in await written()][-2:] == [
        ("uphold", "dispute_transition"),
        ("uphold", "integration"),
    ]
    async with database.read() as session:
        kept = await session.execute(
            sa.text("SELECT min_version FROM integration WHERE state = 'SUSPENDED'")
        )
        assert kept.scalar_one() == "4.2"


async def test_an_upheld_dispute_leaves_what_was_only_planned(registry: Registry) -> None:
    dispute = (await registry.contest(service="API_PARTICULIER"))["id"]
    await registry.upheld(dispute)
    assert (await integration(registry, "API_PARTICULIER"))["state"] == "PLANNED"
    assert (await registry.product())["verdict"] == "READY"


@pytest.mark.parametrize("kind", ["INTEGRATION", "SURCHARGE"])
async def test_the_next_step_shows_the_parties_why_an_integration_s_dispute_was_dismissed(
    registry: Registry, write: Ask, read: Read, parties: Parties, kind: str
) -> None:
    opened = await (registry.contest() if kind == "INTEGRATION" else registry.surcharge())
    dispute = {"dispute": opened["id"]}
    await write("ReviewDispute", parties.ministry, **dispute)
    before = await read(None)
    await moved(write("DismissDispute", parties.ministry, **dispute, reason=REASON), "DISMISSED")
    told = before + (
        " Votre contestation au sujet de Portail Familles a été écartée par le ministère,"
        f" avec ce motif : « {REASON} »."
    )
    for party in (parties.eloise, parties.vendor, parties.ministry):
        assert await read(party) == (told if kind == "INTEGRATION" else before)
    for stranger in (None, parties.bois):
        assert await read(stranger) == before
    assert told not in await read(parties.ministry, "01001")
    evidence = "https://eloise.example/capture.png"
    await write("ReopenDispute", parties.eloise, **dispute, evidenceUrl=evidence)
    assert await read(parties.eloise) == before


@pytest.fixture
def read(client: httpx2.AsyncClient) -> Read:
    """The next step's sentence, as who sends that token reads it."""

    async def run(by: str | None, code: str = ELOISE) -> str:
        query = (OPERATIONS / "CollectiviteNextStep.graphql").read_text()
        asked = {"query": query, "variables": {"code": code}}
        reply = await client.post("/graphql", json=asked, headers=credentials(by))
        return str(reply.json()["data"]["collectivite"]["nextStep"]["sentence"])

    return run
