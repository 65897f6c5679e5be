"""The clients that others use: Apollo Client and urql on HTTP, graphql-ws on a socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from registry.app import create_app
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.settings import Settings
from tests.conftest import reset
from tests.factories import add_world, siren
from tests.peers.node import run
from tests.servers import listening

VENDOR = siren(99990000)


@pytest.fixture(scope="module")
async def address(addresses: Addresses, shared_database: Database) -> AsyncIterator[str]:
    await reset(addresses)
    async with shared_database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
    async with listening(create_app(shared_database, Settings())) as url:
        yield f"{url}/graphql"


@pytest.fixture(scope="module")
async def apollo(address: str) -> Any:
    return await run("apollo.js", address, VENDOR)


@pytest.fixture(scope="module")
async def urql(address: str) -> Any:
    return await run("urql.js", address, VENDOR)


@pytest.fixture(scope="module")
async def sockets(address: str) -> Any:
    return await run("sockets.js", address.replace("http", "ws", 1))


APOLLO = "application/graphql-response+json,application/json;q=0.9"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json,"
    " text/event-stream, multipart/mixed"
)
SERVED = "application/graphql-response+json"


def exchanges(method: str, accept: str, *statuses: int) -> list[dict[str, Any]]:
    """Those of a client that prefers GraphQL's own type, which it is served each time."""
    return [
        {"method": method, "accept": accept, "status": status, "served": SERVED}
        for status in statuses
    ]


def check_vendor(found: Any) -> None:
    products = [edge["node"]["slug"] for edge in found["products"]["edges"]]
    assert (found["name"], sorted(products)) == ("Ébène Logiciels", ["famille", "interne"])


def test_apollo_reads_with_variables_and_fragments(apollo: Any) -> None:
    check_vendor(apollo["data"]["vendor"])
    assert apollo["data"]["vendor"]["products"]["totalCount"] == 2


def test_apollo_keeps_a_node_once_by_its_id(apollo: Any) -> None:
    key = apollo["data"]["vendor"]["id"]
    assert apollo["again"] == 0
    assert apollo["vendors"] == [f"Vendor:{key}"]
    assert apollo["node"] == apollo["kept"] | {"website": None}
    assert apollo["kept"]["siren"] == VENDOR


def test_apollo_is_told_of_errors(apollo: Any) -> None:
    assert (apollo["misused"]["combined"], apollo["unknown"]["combined"]) == (True, True)
    assert apollo["misused"]["codes"] == ["BAD_USER_INPUT"]
    assert apollo["misused"]["data"]["campaign"]["name"]
    assert apollo["unknown"]["codes"] == ["GRAPHQL_VALIDATION_FAILED"]
    assert apollo["requests"] == exchanges("POST", APOLLO, 200, 200, 200, 400)


@pytest.mark.parametrize("way", ["post", "get"])
def test_urql_reads_and_is_told_of_errors(urql: Any, way: str) -> None:
    found = urql[way]
    check_vendor(found["data"]["vendor"])
    assert found["same"]
    assert found["misused"]["codes"] == ["BAD_USER_INPUT"]
    assert found["misused"]["data"]["campaign"]["name"]
    for refused in (found["unknown"], found["written"]):
        assert refused == {"data": None, "codes": ["GRAPHQL_VALIDATION_FAILED"], "network": None}


@pytest.mark.parametrize(("way", "method"), [("post", "POST"), ("get", "GET")])
def test_urql_is_not_served_the_stream_that_it_lists_last(urql: Any, way: str, method: str) -> None:
    written = exchanges("POST", URQL, 400)
    assert urql[way]["requests"] == exchanges(method, URQL, 200, 200, 400) + written


def test_urql_does_not_wait_for_a_stream_that_is_not_served(urql: Any) -> None:
    (request,) = urql["live"]["requests"]
    assert urql["live"]["refused"]
    assert request["accept"] == "text/event-stream, multipart/mixed"
    assert (request["status"], request["served"]) == (406, "application/json")


CAMPAIGN = {"campaign": {"charterVersion": "2022-03-07"}}


@pytest.mark.parametrize("implementation", ["ws", "browser"])
def test_graphql_ws_asks_one_query_or_several(sockets: Any, implementation: str) -> None:
    found = sockets[implementation]
    for one in (found["one"], found["after"]):
        assert one == {"results": [{"data": CAMPAIGN, "extensions": {"cost": 1}}]}
    several = [result["data"] for one in found["several"] for result in one["results"]]
    assert several == [{f"q{place}": "Query"} for place in range(12)]
    assert found["events"] == ["opened graphql-transport-ws", "connected", "closed 1000 true"]


@pytest.mark.parametrize("implementation", ["ws", "browser"])
def test_graphql_ws_is_told_of_errors(sockets: Any, implementation: str) -> None:
    found = sockets[implementation]
    assert found["refused"] == {"codes": ["METHOD_NOT_ALLOWED"]}
    assert found["live"] == {"codes": ["SUBSCRIPTION_NOT_SUPPORTED"]}
    assert found["unknown"] == {"codes": ["GRAPHQL_VALIDATION_FAILED"]}
    ((result,),) = found["misused"].values()
    assert result["data"] == {"vendor": None}
    assert [error["extensions"]["code"] for error in result["errors"]] == ["BAD_USER_INPUT"]


def test_graphql_ws_is_answered_its_pings(sockets: Any) -> None:
    assert sockets["pinged"] is True


def test_a_browser_sees_the_code_of_a_closing(sockets: Any) -> None:
    assert sockets["broken"] == {"code": 4400, "wasClean": True}


def test_apollo_asks_on_a_socket(sockets: Any) -> None:
    found = sockets["apollo"]
    assert found["data"]["campaign"]["charterVersion"] == "2022-03-07"
    assert found["combined"]
    assert found["events"] == ["opened graphql-transport-ws", "connected"]
