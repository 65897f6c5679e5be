"""Schemathesis asks all that the schema lets one ask, well and badly; nothing breaks the service.

It reads the operations from the service itself, so that a new one is tried without a word here.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from sqlmodel import col

from models import Collectivite, Commitment
from registry.app import create_app
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.settings import Settings
from tests.api.conftest import MINISTRY, issued
from tests.api.test_vendors import EBENE
from tests.conftest import reset
from tests.factories import add_world
from tests.servers import listening

REQUESTS = 200
"""By each caller well, and as many badly, however many operations there are."""
UNUSUAL = 300
KNOWN = """{
  vendors { edges { node { id siren products { edges { node { id slug } } } } } }
  collectivites { edges { node { id code siren } } }
}"""
SIZES = [1, 2, 20, 200, 201, 0, -1, 2**31 - 1]
PERSON = "Persona Grata"
"""Signs all the commitments; the public never reads of it."""

METHODS = [
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "BREW",
    "post",
]
PATHS = [
    "/graphql",
    "/graphql",
    "/graphql",
    "/graphql/",
    "/graphql?query={__typename}",
    "/graphql?query",
    "/graphql?%ff",
    "/bulk/deployments",
    "/bulk/activations?dryRun=maybe&completeOn=0000-00-00",
    "/bulk/%00",
    "/bulk/%ff/faulty.csv",
]
KINDS = [
    "application/json",
    "application/json; charset=latin-1",
    "application/graphql-response+json",
    "application/graphql",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "text/plain",
    "*/*",
    ";;;",
    "é",
    "",
]
ODD = [
    (name, value)
    for name, values in {
        "content-type": KINDS,
        "accept": [
            *KINDS,
            "text/event-stream",
            "multipart/mixed",
            "*/*;q=0",
            "a/b;q=inf",
            "," * 50,
        ],
        "content-encoding": ["gzip", "br", "identity", "x"],
        "cookie": ["session=a", "=;=", "é"],
        "authorization": ["Bearer", "Bearer a", "Basic YTpi", "é"],
        "origin": ["null", "http://[", "https://elsewhere.example"],
        "sec-fetch-site": ["same-origin", "cross-site", ""],
        "x-forwarded-for": ["192.0.2.1", "a, b", "[::"],
        "expect": ["100-continue"],
        "upgrade": ["websocket", "h2c"],
    }.items()
    for value in values
]


@dataclass
class Tried:
    """What was sent, and what came back that should not."""

    answers: Counter[str] = field(default_factory=Counter)
    executed: int = 0
    faults: list[str] = field(default_factory=list)

    def note(self, sent: object, status: int, body: bytes) -> None:
        self.answers[str(status)] += 1
        self.executed += b'"data":{' in body
        if status >= 500 or b'"INTERNAL"' in body:
            self.faults.append(f"{status} {body[:500]!r} to {sent!r}")


@pytest.fixture(scope="module")
async def callers(shared_database: Database, addresses: Addresses) -> dict[str, dict[str, str]]:
    """The headers of those who ask, in a small world where each has something of its own."""
    await reset(addresses)
    async with shared_database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
        await session.execute(sa.update(Commitment).values(signatory=PERSON))
        town = await session.scalar(sa.select(sa.func.min(col(Collectivite.siren))))
    secrets = {
        "vendor": await issued(shared_database, EBENE),
        "collectivite": await issued(shared_database, town),
        "ministry": await issued(shared_database, MINISTRY, ministry=True),
    }
    signed = {name: {"Authorization": f"Bearer {secret}"} for name, secret in secrets.items()}
    return {"anonymous": {}} | signed


@pytest.fixture(scope="module")
async def served(
    shared_database: Database,
    callers: dict[str, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[str]:
    """The service on a real port, without rates."""
    quiet = Settings(
        requests_per_minute=0,
        points_per_minute=0,
        writes_per_minute=0,
        uploads_dir=tmp_path_factory.mktemp("uploads"),
    )
    async with listening(create_app(shared_database, quiet), quiet) as url:
        yield url


@pytest.fixture(scope="module")
async def operations(served: str) -> list[Any]:
    """Each field of Query and Mutation, that knows the keys of what is registered."""
    async with httpx2.AsyncClient() as client:
        known = (await client.post(f"{served}/graphql", json={"query": KNOWN})).json()["data"]
    config = SchemathesisConfig.from_dict(
        {
            "dictionaries": {
                "keys": {"values": sorted(set(strings(known)))},
                "sizes": {"values": SIZES},
            },
            "generation": {
                "dictionaries": {
                    "string": {"dictionary": "keys", "probability": 0.6},
                    "integer": {"dictionary": "sizes", "probability": 0.6},
                }
            },
        }
    )
    load = schemathesis.graphql.from_url
    schema = await asyncio.to_thread(load, f"{served}/graphql", config=config)
    return [operation.ok() for operation in schema.get_all_operations()]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


async def run(attempt: Callable[..., None], examples: int, **drawn: st.SearchStrategy[Any]) -> None:
    """In a thread, for the service answers in this one. All faults are noted; none is shrunk."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(chosen(given(**drawn)(attempt)))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("caller", ["anonymous", "vendor", "collectivite", "ministry"])
async def test_no_operation_breaks_the_service(
    served: str,
    operations: list[Any],
    callers: dict[str, dict[str, str]],
    caller: str,
    mode: GenerationMode,
) -> None:
    tried = Tried()

    def ask(case: Any) -> None:
        reply = case.call(headers=callers[caller], timeout=20)
        tried.note(case.body, reply.status_code, reply.content)
        if caller == "anonymous" and PERSON in reply.text:
            tried.faults.append(f"a person is named to {case.body!r}")

    each = max(5, REQUESTS // len(operations))
    for operation in operations:
        await run(ask, each, case=operation.as_strategy(generation_mode=mode))
    assert tried.faults[:3] == []
    assert tried.answers.total() > each * len(operations) * 0.8
    # A request that is wrong on purpose is seldom executed.
    assert tried.executed > (tried.answers.total() / 4 if mode is GenerationMode.POSITIVE else 0)


async def test_no_unusual_http_breaks_the_service(
    served: str, operations: list[Any], callers: dict[str, dict[str, str]]
) -> None:
    tried = Tried()
    with httpx2.Client(base_url=served, timeout=20) as client:

        def send(method: str, path: str, caller: str, odd: dict[str, str], body: bytes) -> None:
            headers = {"content-type": "application/json"} | callers[caller] | odd
            said = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            reply = client.request(method, path, headers=said, content=body)
            tried.note((method, path, headers, body), reply.status_code, reply.content)

        await run(
            send,
            UNUSUAL,
            method=st.sampled_from(METHODS),
            path=st.sampled_from(PATHS),
            caller=st.sampled_from(sorted(callers)),
            odd=st.lists(st.sampled_from(ODD), max_size=3).map(dict),
            body=bodies(operations),
        )
    assert tried.faults[:3] == []
    assert {"200", "400", "404", "405", "415"} <= set(tried.answers)


def bodies(operations: list[Any]) -> st.SearchStrategy[bytes]:
    """JSON of the form that is awaited, or nearly, or not at all."""
    queries = st.one_of([operation.as_strategy() for operation in operations])
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    anything = st.recursive(
        scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
    )
    members = dict.fromkeys(("query", "variables", "operationName", "extensions"), anything)
    asked = queries.map(lambda case: {"query": case.body})
    nearly = st.fixed_dictionaries({}, optional=members)
    written = st.one_of(asked, nearly, anything).map(lambda value: json.dumps(value).encode())
    return st.one_of(written, st.binary())
