from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from registry.settings import ROOT
from tests.api.sides import EBENE, town
from tests.web.browsing import SENT, Browser
from tests.web.conftest import Open

ELOISE, BOIS, CONNECTED = "01002", "01006", "01001"
"""A town that uses what is ready, one that uses nothing yet, one that is connected with data."""

Ask = Callable[..., Awaitable[Any]]


async def asked(browser: Browser, operation: str, **given: Any) -> Any:
    """By the other door, for what these pages do not offer."""
    query = (ROOT / "graphql" / "operations" / f"{operation}.graphql").read_text()
    reply = await browser.client.post(
        "/graphql",
        json={"query": query, "variables": {"input": given}},
        headers={**SENT, "Accept": "application/json"},
    )
    (answer,) = reply.json()["data"].values()
    return answer


def surcharge(insee: str = ELOISE) -> dict[str, object]:
    return {
        "collectivite": insee,
        "vendorSiren": EBENE,
        "product": "famille",
        "kind": "SURCHARGE",
        "surchargeKind": "ONE_OFF_FEES",
        "amountCents": 150000,
        "statement": "Un devis nous demande 1 500 € pour FranceConnect.",
    }


@pytest.fixture
async def eloise(world: None, browsers: Open) -> Browser:
    return await browsers(town(ELOISE))


@pytest.fixture
async def connected(world: None, browsers: Open) -> Browser:
    return await browsers(town(CONNECTED))
