from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from sqlmodel import col

from models import Demarche, Product
from registry.app import create_app
from registry.database import Database
from registry.exchange.bulk.running import run_next
from registry.settings import Settings
from tests.factories import siren

EBENE, AUBEPINE = siren(99990000), siren(99990001)
HEADER = "collectivite,vendor_siren,product,demarche,since"
SCHOOL = Demarche.PERISCOLAIRE
PRODUCT = sa.select(Product).where(col(Product.slug) == "famille")

Send = Callable[..., Awaitable[Any]]


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
async def client(database: Database, uploads: Path) -> Any:
    settings = Settings(uploads_dir=uploads, upload_limit=20_000_000)
    transport = httpx2.ASGITransport(create_app(database, settings))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


@pytest.fixture
def put(client: httpx2.AsyncClient) -> Send:
    async def run(
        by: str | None, body: str | bytes, noun: str = "deployments", key: str = "", **asked: Any
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {by}"} if by else {}
        headers |= {"Idempotency-Key": key} if key else {}
        return await client.put(f"/bulk/{noun}", content=body, params=asked, headers=headers)

    return run


@pytest.fixture
def send(put: Send, client: httpx2.AsyncClient, database: Database, uploads: Path) -> Send:
    """Send, let the worker take it, read what came of it; ``dryRun`` is off unless asked."""

    async def run(by: str, body: str | bytes, noun: str = "deployments", **asked: Any) -> Any:
        reply = await put(by, body, noun, **{"dryRun": "false"} | asked)
        assert reply.status_code == 202, reply.text
        assert await run_next(database, uploads)
        done = await client.get(
            reply.headers["location"], headers={"Authorization": f"Bearer {by}"}
        )
        assert done.status_code == 200, done.text
        return done.json()

    return run


def lines(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def famille(code: str, since: str = "2024-01-01") -> str:
    return f"{code},{EBENE},famille,PERISCOLAIRE,{since}"


async def links(database: Database, insee: str) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql(
            "SELECT product.slug, declared_by, confirmed_by, since, until FROM deployment"
            " JOIN product ON product.id = product_id"
            " JOIN collectivite ON collectivite.id = collectivite_id"
            " WHERE insee = $1 ORDER BY slug, since",
            (insee,),
        )
        return [tuple(row) for row in rows]
