"""Answers over HTTP, against PostGraphile on the same tables and against an empty reply.

Each side is one process with eight connections to PostgreSQL, asked by eight clients of one
generator, which takes its share of the same cores from both.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from registry.embedded import Addresses
from tests.benchmarks.node import CONNECTIONS, Body, postgraphile, seconds_an_answer
from tests.benchmarks.questions import Question
from tests.benchmarks.stage import Stage
from tests.benchmarks.timing import Row, compare
from tests.servers import free_port

UNLIMITED = {"RACCORD_REQUESTS_PER_MINUTE": "0", "RACCORD_POINTS_PER_MINUTE": "0"}
EMPTY = """
import sys
import uvicorn

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", access_log=False,
            server_header=False, lifespan="off", http="httptools", loop="uvloop")
"""
NO_REUSE = {"RACCORD_RESPONSE_CACHE_BYTES": "0"}


async def answered(stage: Stage, *, question: Question, reuse: bool) -> Row:
    """``reuse``: the public answers may be kept, as they are by default."""
    async with (
        raccord(stage.addresses, {} if reuse else NO_REUSE) as service,
        postgraphile(stage.addresses.service) as peer,
    ):
        ours, theirs = await question.bodies(stage.addresses)
        await _check(f"{service}/graphql", ours, peer, theirs)
        return await compare(
            question.name + (", répété" if reuse else ""),
            lambda: seconds_an_answer(f"{service}/graphql", ours),
            lambda: seconds_an_answer(peer, theirs),
            must=3 if reuse else question.must,
            aim=None if reuse else question.aim,
            rate=True,
        )


async def against_nothing(stage: Stage, *, question: Question) -> Row:
    """The answers that are remembered, against an application that does nothing on the same server
    software, asked the same.
    """
    async with (
        raccord(stage.addresses, {}) as service,
        serving(
            "-c", EMPTY, str(port := free_port()), address=f"http://127.0.0.1:{port}"
        ) as nothing,
    ):
        ours, _ = await question.bodies(stage.addresses)
        return await compare(
            f"{question.name}, répété / application vide",
            lambda: seconds_an_answer(f"{service}/graphql", ours),
            lambda: seconds_an_answer(nothing, ours),
            must=0.4,
            aim=0.6,
            rate=True,
            limit=True,
        )


@asynccontextmanager
async def raccord(addresses: Addresses, settings: Mapping[str, str]) -> AsyncIterator[str]:
    port = free_port()
    environment = {
        **os.environ,
        **UNLIMITED,
        **settings,
        "RACCORD_DATABASE_URL": addresses.service,
        "RACCORD_OWNER_DATABASE_URL": addresses.owner,
        "RACCORD_POOL_SIZE": str(CONNECTIONS),
    }
    address = f"http://127.0.0.1:{port}"
    command = ["-m", "registry", "serve", "--port", str(port)]
    async with serving(*command, address=address, ready="/readyz", environment=environment):
        yield address


@asynccontextmanager
async def serving(
    *command: str, address: str, ready: str = "/", environment: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """A program of Python that answers at this address, from its first answer on."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with httpx2.AsyncClient() as client, asyncio.timeout(60):
            while True:
                try:
                    (await client.get(f"{address}{ready}")).raise_for_status()
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    break
        yield address
    finally:
        process.terminate()
        process.wait(30)


async def _check(ours: str, our_bodies: Sequence[Body], peer: str, bodies: Sequence[Body]) -> None:
    """Both give the same values, under other names, to each of the questions."""
    async with httpx2.AsyncClient(timeout=60) as client:
        for mine, other in zip(our_bodies, bodies, strict=True):
            replies = [
                (await client.post(ours, json=mine)).json(),
                (await client.post(peer, json=other)).json(),
            ]
            values = [sorted(map(repr, leaves(reply["data"]))) for reply in replies]
            if any("errors" in reply for reply in replies) or values[0] != values[1]:
                raise RuntimeError(f"{mine}: two answers: {replies}")


def leaves(value: Any) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]
