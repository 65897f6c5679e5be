"""The audits of graphql-http, the reference implementation of GraphQL over HTTP."""

from typing import Any

import pytest

from registry.app import create_app
from registry.database import Database
from registry.settings import Settings
from tests.peers.node import run
from tests.servers import listening

AUDITS = [
    "22EB",
    "4655",
    "47DE",
    "80D8",
    "82A3",
    "BF61",
    "78D5",
    "2C94",
    "5A70",
    "9C48",
    "9ABE",
    "03D4",
    "A5BF",
    "423L",
    "LKJ0",
    "LKJ1",
    "LKJ2",
    "LKJ3",
    "34A2",
    "13EE",
    "6C00",
    "6C01",
    "6C02",
    "6C03",
    "8161",
    "B8B3",
    "94B0",
    "0220",
    "94B1",
    "0221",
    "94B2",
    "0222",
    "4760",
    "4761",
    "4762",
    "4763",
    "2EA1",
    "28B9",
    "D6D5",
    "6A70",
    "58B0",
    "58B1",
    "58B2",
    "58B3",
    "428F",
    "1B7A",
    "B6DC",
    "BCF8",
    "B7N8",
    "8764",
    "3E3A",
    "572B",
    "FDE2",
    "7B9B",
    "865D",
    "556A",
    "D586",
    "51FE",
    "74FF",
    "5E5B",
    "86EE",
]


@pytest.fixture(scope="module")
async def audited(shared_database: Database) -> dict[str, dict[str, Any]]:
    """Each audit's result, by its number."""
    async with listening(create_app(shared_database, Settings())) as url:
        results = await run("audits.js", f"{url}/graphql")
    return {result["id"]: result for result in results}


def test_these_are_all_the_audits(audited: dict[str, dict[str, Any]]) -> None:
    assert sorted(AUDITS) == sorted(audited)
    assert len(AUDITS) == 61


@pytest.mark.parametrize("audit", AUDITS)
def test_the_audit_passes(audited: dict[str, dict[str, Any]], audit: str) -> None:
    result = audited[audit]
    assert result["status"] == "ok", f"{result['name']}: {result.get('reason')}"
