"""Whatever a header or a cookie says, no answer is a defect."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from starlette.types import ASGIApp

from registry.app import create_app
from registry.auth import sessions
from registry.auth.trial import RELAYED
from registry.database import Database
from registry.settings import ROOT, Settings
from registry.web.visits import SAID
from tests.api.conftest import Token
from tests.api.sides import EBENE

READ = re.compile(r'headers\.get\(\s*"([a-z-]+)"|"([a-z-]+)" (?:not )?in [a-z.]*headers\b')
SEARCH = ("GET", "/recherche?q=belley", b"")
LIST = ("GET", "/editeurs.csv", b"")
FEED = ("GET", "/flux.atom", b"")
STATIC = ("GET", "/static/page.css", b"")
NOTHING = ("GET", "/nothing", b"")
QUERY = ("GET", "/graphql?query={__typename}", b"")
GRAPHIQL = ("GET", "/graphiql", b"")
BACK = ("GET", "/connexion/retour?state=x&code=y", b"")
TRIAL = ("GET", "/connexion/essai", b"")
GRAPHQL = ("POST", "/graphql", b'{"query": "{__typename}"}')
SIGN_OUT = ("POST", "/deconnexion", b"partout=oui")
FORM = ("POST", f"/espace/editeurs/{EBENE}/fiche", b"name=x")
EVIDENCE = ("PUT", "/evidence", b"x")
BULK = ("PUT", f"/bulk/deployments?siren={EBENE}", b"x")
REPORT = ("GET", "/bulk/1", b"")

READERS = {
    "accept": (NOTHING, QUERY),
    "accept-encoding": (LIST, GRAPHIQL, STATIC, SEARCH),
    "authorization": (NOTHING, GRAPHQL, REPORT, EVIDENCE),
    "content-encoding": (GRAPHQL, EVIDENCE, BULK),
    "content-length": (GRAPHQL, EVIDENCE, BULK, FORM),
    "content-type": (GRAPHQL, EVIDENCE, BULK, FORM, SIGN_OUT),
    "cookie": (NOTHING, GRAPHQL, SIGN_OUT, BACK, TRIAL),
    "host": (NOTHING, FEED, GRAPHQL, FORM, GRAPHIQL, TRIAL),
    "hx-request": (SEARCH,),
    "idempotency-key": (BULK,),
    "if-modified-since": (LIST, FEED),
    "if-none-match": (LIST, FEED, QUERY, STATIC),
    "if-range": (LIST,),
    "origin": (GRAPHQL, FORM, SIGN_OUT),
    "range": (LIST,),
    "referer": (GRAPHQL, FORM, SIGN_OUT),
    "sec-fetch-site": (GRAPHQL, FORM, SIGN_OUT),
} | dict.fromkeys(RELAYED, (TRIAL,))
"""For each header, requests whose answer looks at it."""
BY_LIBRARIES = {"if-range", *RELAYED}
HOSTILE = (
    b"",
    b"\0",
    b"a\0b",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "²".encode("latin-1"),
    b"9" * 5_000,
    b"-" + b"9" * 5_000,
    b"a" * 60_000,
    b",;=\"'" * 500,
    b"[",
    b"http://[::1",
    b"https://a:b",
    b"Bearer " + b"\xe9" * 50,
    b"Bearer rac_" + b"9" * 5_000,
    b"Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
    b"Thu, 01 Jan 0000 00:00:00 GMT",
    b"Thu, 01 Jan 2026 00:00:00 +9999",
    b"Thu, 01 Jan 9999 23:59:59 -2359",
    b"bytes=" + b"9" * 5_000 + b"-",
    b"bytes=" + b"0-0," * 2_000,
    b"bytes=--1,a-b",
    b"gzip;q=" + b"9" * 5_000,
    b"gzip;q=nan, *;q=1e9999",
    b"text/html;q=1e9999, application/json;q=\xb2",
    b"multipart/form-data; boundary=" + b"\xff" * 70,
    b"multipart/form-data; boundary=",
    b"application/x-www-form-urlencoded; charset=\xed",
    b"application/json; charset=\0",
)
FORM_KIND = b"application/x-www-form-urlencoded"
KINDS = {"/graphql": b"application/json", "/evidence": b"image/png", BULK[1]: b"text/csv"}
COOKIES = (sessions.SESSION, sessions.BROWSER, sessions.TRIAL, SAID)
COOKIE_VALUES = (
    b"",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"%00",
    b"%ED%A0%80",
    b"%FF%FE",
    b"%" * 200,
    b"9" * 5_000,
    b"a" * 60_000,
    b'"' + b"\\" * 5_000,
    quote("\U0010ffff\u202e\u2066").encode(),
)


def test_every_header_that_is_read_is_tried() -> None:
    sources = [path.read_text() for path in (ROOT / "registry").rglob("*.py")]
    found = {name for text in sources for pair in READ.findall(text) for name in pair if name}
    assert found | BY_LIBRARIES == set(READERS)


@pytest.fixture
async def defects(database: Database, world: None, person: Token, tmp_path: Path) -> "Defects":
    settings = Settings(
        requests_per_minute=0, points_per_minute=0, exports_dir=tmp_path, uploads_dir=tmp_path
    )
    app = create_app(database, settings, trial="code")
    return Defects(app, await person(EBENE))


class Defects:
    """Of the answers to requests that are one hostile header away from being right."""

    def __init__(self, app: ASGIApp, session: str) -> None:
        self.transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        self.session = session

    async def of(self, name: str, values: Sequence[bytes]) -> list[str]:
        usual = {
            "host": b"registry",
            "accept": b"text/html",
            "sec-fetch-site": b"same-origin",
            "cookie": f"{sessions.SESSION}={self.session}".encode(),
        }
        if name in {"origin", "referer", "host"}:
            del usual["sec-fetch-site"]  # It is what is looked at first.
        found = []
        async with httpx2.AsyncClient(transport=self.transport, base_url="http://r") as client:
            for method, path, body in READERS[name]:
                kind = KINDS.get(path, FORM_KIND)
                for value in values:
                    said = usual | {"content-type": kind, name: value}
                    headers = [(key.encode(), each) for key, each in said.items()]
                    reply = await client.request(method, path, content=body, headers=headers)
                    if reply.status_code >= 500 or "Traceback" in reply.text:
                        found.append(f"{method} {path} {value[:40]!r}: {reply.status_code}")
        return found


@pytest.mark.parametrize("header", sorted(READERS))
async def test_no_header_is_met_by_a_defect(defects: Defects, header: str) -> None:
    assert await defects.of(header, HOSTILE) == []


async def test_no_cookie_is_met_by_a_defect(defects: Defects) -> None:
    said = [f"{name}=".encode() + value for name in COOKIES for value in COOKIE_VALUES]
    assert await defects.of("cookie", said) == []
