"""Who asks on a socket is who opened it, as long as their credentials are good."""

import sqlalchemy as sa

from registry.auth import tokens
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import OPERATIONS, Token, Written
from tests.api.test_sockets.talking import DATA, QUERY, acknowledged, ask, heard, refused
from tests.factories import siren

REVOKE = sa.text("UPDATE token SET revoked_at = now()")
VENDOR = siren(99990000)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_token_is_good_until_it_is_revoked(
    address: str, database: Database, token: Token
) -> None:
    headers = bearer(await token(VENDOR))
    async with acknowledged(address, additional_headers=headers) as socket:
        await ask(socket, "a", QUERY)
        assert (await heard(socket))["payload"]["data"] == DATA
        await heard(socket)
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(REVOKE)
        await ask(socket, "a", QUERY)
        assert await refused(socket, "a") == {"code": "UNAUTHENTICATED"}


async def test_an_unknown_token_is_told_of_each_operation(address: str) -> None:
    headers = bearer(tokens.generate())
    async with acknowledged(address, additional_headers=headers) as socket:
        for name in ("a", "b"):
            await ask(socket, name, QUERY)
            assert await refused(socket, name) == {"code": "UNAUTHENTICATED"}


async def test_nothing_is_written_on_a_socket(
    address: str, database: Database, token: Token, written: Written
) -> None:
    headers = bearer(await token(VENDOR))
    mutation = (OPERATIONS / "RegisterVendor.graphql").read_text()
    before = await written()
    async with acknowledged(address, additional_headers=headers) as socket:
        await ask(socket, "a", mutation, variables={"input": {"name": "Ébène"}})
        assert await refused(socket, "a") == {"code": "METHOD_NOT_ALLOWED"}
    assert await written() == before
