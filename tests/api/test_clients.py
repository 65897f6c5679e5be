"""Who uses a product, one by one, is for its vendor and the ministry."""

from typing import Any

import httpx2
import pytest

from models import TokenScope
from tests.api.conftest import OPERATIONS, Ask, Token
from tests.api.test_vendors import AUBEPINE, EBENE
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")

FAMILLE = {"vendorSiren": EBENE, "slug": "famille"}


@pytest.fixture
def ask(client: httpx2.AsyncClient) -> Ask:
    """Run a named operation by the holder of a token; the whole reply."""

    async def run(operation: str, by: str | None, **variables: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {by}"} if by else {},
        )
        return reply.json()

    return run


def told(clients: dict[str, Any]) -> list[tuple[str, str, bool]]:
    nodes = [edge["node"] for edge in clients["edges"]]
    return [(n["collectivite"]["code"], n["demarche"], n["confirmed"]) for n in nodes]


async def test_a_vendor_sees_its_clients(ask: Ask, token: Token) -> None:
    reply = await ask("VendorClients", await token(EBENE), siren=EBENE)
    clients = reply["data"]["vendor"]["clients"]
    assert told(clients) == [
        ("01001", "PERISCOLAIRE", True),
        ("01002", "PERISCOLAIRE", False),
        ("01002", "AUTRE", False),
    ]
    assert clients["totalCount"] == 3


async def test_the_ministry_sees_a_product_s_clients_by_pages(ask: Ask, ministry: str) -> None:
    reply = await ask("ProductClients", ministry, **FAMILLE, first=1)
    first = reply["data"]["product"]["clients"]
    assert told(first) == [("01001", "PERISCOLAIRE", True)]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    after = first["pageInfo"]["endCursor"]
    reply = await ask("ProductClients", ministry, **FAMILLE, first=1, after=after)
    second = reply["data"]["product"]["clients"]
    assert told(second) == [("01002", "PERISCOLAIRE", False)]
    assert not second["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"demarche": "AUTRE"}, ["01002"]),
        ({"confirmed": True}, ["01001"]),
        ({"confirmed": False}, ["01002", "01002"]),
        ({"confirmed": False, "demarche": "PERISCOLAIRE"}, ["01002"]),
        ({"demarche": "URBANISME"}, []),
    ],
)
async def test_clients_are_filtered(
    ask: Ask, token: Token, wanted: dict[str, Any], found: list[str]
) -> None:
    reply = await ask("VendorClients", await token(EBENE), siren=EBENE, filter=wanted)
    clients = reply["data"]["vendor"]["clients"]
    assert [code for code, _, _ in told(clients)] == found
    assert clients["totalCount"] == len(found)


async def test_clients_are_nobody_else_s_business(ask: Ask, token: Token) -> None:
    town = siren(21001001)
    for by, code in (
        (None, "UNAUTHENTICATED"),
        (await token(AUBEPINE), "FORBIDDEN"),
        (await token(town), "FORBIDDEN"),
        (await token(EBENE, scopes=[TokenScope.DECLARE]), "FORBIDDEN"),
    ):
        for operation, key in (("VendorClients", {"siren": EBENE}), ("ProductClients", FAMILLE)):
            reply = await ask(operation, by, **key)
            (error,) = reply["errors"]
            assert error["extensions"]["code"] == code
            assert "01001" not in str(reply)
