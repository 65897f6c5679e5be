"""Pages over HTTP, one after the other on one connection, against a time not to be passed."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlsplit

import asyncpg

from tests.benchmarks.serving import raccord
from tests.benchmarks.stage import Stage
from tests.benchmarks.timing import Row, alone

REQUESTS = 40
LIMIT = 0.05
AS_BROWSERS_DO = {"Accept": "text/html", "Accept-Encoding": "gzip"}
BUSIEST = """
    WITH town AS (
        SELECT code, count(DISTINCT product_id) AS software FROM deployment
        JOIN collectivite ON collectivite.id = collectivite_id
        GROUP BY code ORDER BY software DESC, code LIMIT 1
    ), product AS (
        SELECT vendor.siren || '/' || slug AS key, vendor.siren, count(*) AS uses FROM deployment
        JOIN product ON product.id = product_id JOIN vendor ON vendor.id = vendor_id
        GROUP BY vendor.siren, slug ORDER BY uses DESC, key LIMIT 2
    ), vendor AS (
        SELECT siren FROM product GROUP BY siren ORDER BY sum(uses) DESC, siren LIMIT 1
    )
    SELECT code, vendor.siren, min(key) AS product, max(key) AS other
    FROM town, vendor, product GROUP BY code, vendor.siren
"""
"""The collectivité that has the most software, the two products that are the most used, and the
vendor of the most used.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """``path`` has in braces what ``BUSIEST`` finds."""

    name: str
    path: str

    async def row(self, stage: Stage) -> Row:
        path = self.path.format_map(await _busiest(stage))
        async with raccord(stage.addresses, {}) as service:
            return await alone(
                f"page « {self.name} »",
                lambda: asyncio.to_thread(_seconds, service, path),
                must=LIMIT,
            )


PAGES: Mapping[str, Shown] = {
    "page-home": Shown("accueil", "/"),
    "page-collectivite": Shown("une collectivité", "/collectivites/{code}"),
    "page-collectivites": Shown("collectivités", "/collectivites"),
    "page-search": Shown("recherche", "/recherche?q=mont"),
    "page-product": Shown("un logiciel", "/editeurs/{product}"),
    "page-products": Shown("logiciels", "/logiciels"),
    "page-comparison": Shown("deux logiciels comparés", "/comparer?a={product}&b={other}"),
    "page-vendor": Shown("un éditeur", "/editeurs/{siren}"),
    "page-vendors": Shown("éditeurs", "/editeurs"),
    "page-rollout": Shown("déploiement", "/deploiement"),
    "page-blockers": Shown("blocages", "/deploiement/blocages"),
}


def _seconds(service: str, path: str) -> float:
    """Half of the answers are had in less."""
    connection = HTTPConnection(urlsplit(service).netloc)
    times = []
    for _ in range(REQUESTS):
        start = time.perf_counter()
        connection.request("GET", path, headers=AS_BROWSERS_DO)
        reply = connection.getresponse()
        reply.read()
        times.append(time.perf_counter() - start)
        if reply.status != 200:
            raise RuntimeError(f"{path}: {reply.status}")
    connection.close()
    return median(times)


async def _busiest(stage: Stage) -> Mapping[str, str]:
    owner = await asyncpg.connect(stage.addresses.owner)
    try:
        return dict(await owner.fetchrow(BUSIEST))
    finally:
        await owner.close()
