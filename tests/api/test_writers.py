"""Sixteen writers wait for the ledger while another holds it: readers don't notice."""

import asyncio

import asyncpg
import httpx2

from registry.app import create_app
from registry.database import connected
from registry.embedded import Addresses
from registry.settings import Settings
from tests.api.conftest import Token, credentials
from tests.factories import siren

HELD = "SELECT pg_advisory_xact_lock(7032022)"
REGISTER = """
    mutation ($siren: String!) {
        registerVendor(input: {siren: $siren, name: "A"}) { __typename }
    }
"""
READ = {"query": "{ campaign { name } }"}
WRITERS = [siren(88800000 + place) for place in range(16)]


async def test_readers_answer_and_writers_are_told_to_come_back(
    token: Token, addresses: Addresses
) -> None:
    given = Settings()
    async with connected(
        addresses.service,
        pool_size=given.pool_size,
        pool_timeout=0.5,
        write_share=given.write_share,
        lock_timeout=1.0,
    ) as database:
        transport = httpx2.ASGITransport(create_app(database, given))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            keys = [credentials(await token(own)) for own in WRITERS]
            owner = await asyncpg.connect(addresses.owner)
            try:
                async with owner.transaction():
                    await owner.execute(HELD)
                    writing = [
                        asyncio.create_task(
                            client.post(
                                "/graphql",
                                json={"query": REGISTER, "variables": {"siren": own}},
                                headers=key,
                            )
                        )
                        for own, key in zip(WRITERS, keys, strict=True)
                    ]
                    await asyncio.sleep(0.2)
                    reads = [await client.post("/graphql", json=READ) for _ in range(5)]
                    page = await client.get("/collectivites")
                    assert not all(task.done() for task in writing)
                    replies = await asyncio.gather(*writing)
            finally:
                await owner.close()
            again = await client.post(
                "/graphql",
                json={"query": REGISTER, "variables": {"siren": WRITERS[0]}},
                headers=keys[0],
            )
    assert {reply.status_code for reply in (*reads, page)} == {200}
    assert {reply.status_code for reply in replies} == {503}
    assert all("retry-after" in reply.headers for reply in replies)
    assert (again.status_code, "errors" in again.json()) == (200, False)
