"""A whole list as a file, first and again, against COPY of the same and against a static file."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx2

from tests.benchmarks.answers import write
from tests.benchmarks.serving import raccord, serving
from tests.benchmarks.stage import Stage
from tests.benchmarks.timing import Row, compare, timed
from tests.servers import free_port

LIST = "/collectivites.csv"
COPIED = """
SELECT code, insee, siren, name, kind, strata, departements, regions, population
FROM collectivite WHERE closed_on IS NULL ORDER BY search, code
"""
STATIC = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

async def ready(request):
    return PlainTextResponse("ok")

app = Starlette(routes=[Route("/", ready), Mount("/files", StaticFiles(directory=sys.argv[1]))])
uvicorn.run(app, port=int(sys.argv[2]), log_level="critical", http="httptools", loop="uvloop")
"""


async def listed_first(stage: Stage) -> Row:
    """After a write, which makes a new file of it."""
    owner = await asyncpg.connect(stage.addresses.owner)
    try:
        async with (
            raccord(stage.addresses, {}) as service,
            httpx2.AsyncClient(timeout=60) as client,
        ):
            with TemporaryDirectory() as name:

                async def ours() -> float:
                    await write(stage.database)
                    await asyncio.sleep(1)  # Until the service has read the ledger's new head.
                    return await timed(lambda: _read(client, f"{service}{LIST}"))

                async def peer() -> float:
                    place = Path(name) / "peer.csv"
                    return await timed(
                        lambda: owner.copy_from_query(COPIED, output=place, format="csv")
                    )

                return await compare(
                    "liste des collectivités en CSV, après une écriture",
                    ours,
                    peer,
                    must=5,
                    aim=2,
                    faster=False,
                    limit=True,
                )
    finally:
        await owner.close()


async def listed_again(stage: Stage) -> Row:
    port = free_port()
    with TemporaryDirectory() as folder:
        async with (
            raccord(stage.addresses, {}) as service,
            serving("-c", STATIC, folder, str(port), address=f"http://127.0.0.1:{port}") as static,
            httpx2.AsyncClient(timeout=60) as client,
        ):
            reply = await client.get(f"{service}{LIST}")
            (Path(folder) / "list.csv").write_bytes(reply.raise_for_status().content)
            return await compare(
                "liste des collectivités en CSV, de nouveau",
                lambda: timed(lambda: _read(client, f"{service}{LIST}")),
                lambda: timed(lambda: _read(client, f"{static}/files/list.csv")),
                must=2,
                aim=1.2,
                faster=False,
            )


async def _read(client: httpx2.AsyncClient, url: str) -> None:
    reply = await client.get(url, headers={"Accept-Encoding": "identity"})
    reply.raise_for_status()
