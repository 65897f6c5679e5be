"""The files of the lists: one snapshot each, made once, sent as any file on a disk is."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.app import create_app
from registry.database import Database
from registry.domain.clock import today
from registry.settings import Settings
from registry.web import exports
from tests.api.sides import EBENE
from tests.web.browsing import Browser
from tests.web.conftest import Open

LISTS = (
    "/collectivites", "/editeurs", "/logiciels", "/deploiement", "/deploiement/departements",
    "/deploiement/tendance", "/deploiement/blocages", "/deploiement/changements",
    "/deploiement/changements/logiciels",
)  # fmt: skip
IDENTITY = {"Accept-Encoding": "identity"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exports"


@pytest.fixture
async def reader(
    world: None, database: Database, folder: Path
) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(database, Settings(exports_dir=folder)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a file was written: the work that readers cause."""
    writings: list[str] = []
    write = exports._write

    async def counted(*arguments: object) -> object:
        writings.append("")
        return await write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(exports, "_write", counted)
    return writings


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("[!.]*"))


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("format", ["csv", "excel.csv", "json"])
async def test_a_public_list_is_made_once_and_asked_whether_it_changed(
    reader: httpx2.AsyncClient, folder: Path, made: list[str], path: str, format: str
) -> None:
    first = await reader.get(f"{path}.{format}", headers=IDENTITY)
    assert first.status_code == 200
    columns = re.split("[,;]", first.content.decode("utf-8-sig").splitlines()[0])
    assert format == "json" or all(re.fullmatch("[a-z0-9_]+", column) for column in columns)
    assert int(first.headers["Content-Length"]) == len(first.content) > 2
    assert f"-{today()}.{format}" in first.headers["Content-Disposition"]
    assert not first.headers["ETag"].startswith("W/")
    again = await reader.get(f"{path}.{format}", headers=IDENTITY)
    assert again.content == first.content
    for known in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        same = await reader.get(f"{path}.{format}", headers=IDENTITY | known)
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["ETag"] == first.headers["ETag"]
    head = await reader.head(f"{path}.{format}", headers=IDENTITY)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(first.content)))
    assert (len(made), len(files(folder))) == (1, 1)


async def test_pieces_are_those_of_the_file(reader: httpx2.AsyncClient) -> None:
    whole = await reader.get("/collectivites.csv", headers=IDENTITY)
    size = len(whole.content)
    for asked, piece in (
        ("bytes=0-9", slice(0, 10)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-7", slice(size - 7, None)),
    ):
        # Whoever takes gzip too is sent pieces of the file as it is.
        part = await reader.get("/collectivites.csv", headers={"Range": asked})
        assert (part.status_code, part.content) == (206, whole.content[piece])
        assert part.headers["Content-Range"].endswith(f"/{size}")
        assert part.headers["ETag"] == whole.headers["ETag"]
    beyond = await reader.get("/collectivites.csv", headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    piece = {"Range": "bytes=0-9"}
    for known in (whole.headers["ETag"], whole.headers["Last-Modified"]):
        part = await reader.get("/collectivites.csv", headers={**piece, "If-Range": known})
        assert part.status_code == 206
    other = await reader.get("/collectivites.csv", headers={**piece, "If-Range": '"autre"'})
    assert (other.status_code, other.content) == (200, whole.content)


async def test_a_smaller_file_is_made_once_too(
    reader: httpx2.AsyncClient, folder: Path, made: list[str]
) -> None:
    plain = await reader.get("/collectivites.json", headers=IDENTITY)
    small = await reader.get("/collectivites.json", headers={"Accept-Encoding": "br, gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.content == plain.content
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    on_disk = files(folder)
    assert gzip.decompress((folder / on_disk[1]).read_bytes()) == plain.content
    known = {"If-None-Match": small.headers["ETag"]}
    assert (await reader.get("/collectivites.json", headers=known)).status_code == 304
    assert (await reader.get("/collectivites.json", headers=IDENTITY | known)).status_code == 200
    assert (len(made), files(folder)) == (1, on_disk)
    refused = {"Accept-Encoding": "gzip;q=0"}
    assert "Content-Encoding" not in (await reader.get("/editeurs.csv", headers=refused)).headers


async def test_a_file_is_made_once_though_many_ask(
    reader: httpx2.AsyncClient, folder: Path, made: list[str]
) -> None:
    asked = (reader.get("/collectivites.csv", headers=IDENTITY) for _ in range(12))
    replies = await asyncio.gather(*asked)
    assert len({reply.content for reply in replies}) == 1
    assert (len(made), len(files(folder))) == (1, 1)


async def test_a_newer_version_takes_the_place_of_the_older(
    reader: httpx2.AsyncClient, folder: Path, browsers: Open
) -> None:
    before = await reader.get("/editeurs.csv")
    [old, _] = files(folder)
    vendor = await browsers(EBENE)
    page = await vendor.open(f"/espace/editeurs/{EBENE}/fiche")
    await vendor.send(page.form("/fiche"), name="Ébène et fils")
    # The one who was reading it reads it to its end.
    with (folder / old).open("rb") as reading:
        after = await reader.get("/editeurs.csv", headers={"If-None-Match": before.headers["ETag"]})
        assert reading.read() == before.content
    assert after.status_code == 200
    assert "Ébène et fils" in after.text
    assert after.headers["ETag"] != before.headers["ETag"]
    left = files(folder)
    assert (len(left), old in left) == (2, False)


async def test_what_a_dead_process_left_half_made_goes(
    reader: httpx2.AsyncClient, folder: Path
) -> None:
    folder.mkdir()
    (folder / "editeurs-csv.abc.part").write_bytes(b"half")
    (folder / "logiciels-csv.older").write_bytes(b"another list's")
    await reader.get("/editeurs.csv", headers=IDENTITY)
    left = files(folder)
    assert left[1:] == ["logiciels-csv.older"]
    assert left[0] != "editeurs-csv.abc.part"


async def test_filters_fill_no_disk(
    reader: httpx2.AsyncClient, folder: Path, made: list[str]
) -> None:
    for number in range(3):
        asked = {"habitants_min": str(number)}
        reply = await reader.get("/collectivites.csv", params=asked, headers=IDENTITY)
        assert int(reply.headers["Content-Length"]) == len(reply.content)
        assert reply.headers["ETag"]
    assert len(made) == 3
    assert not folder.exists()


async def test_a_private_list_stays_its_readers(vendor: Browser) -> None:
    reply = await vendor.client.get(f"/espace/editeurs/{EBENE}/clients.csv")
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_what_is_written_meanwhile_is_in_the_next_file(
    reader: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, browsers: Open
) -> None:
    """A file is one snapshot, and is named after it."""
    vendor = await browsers(EBENE)
    page = await vendor.open(f"/espace/editeurs/{EBENE}/fiche")
    last_entry, asked = exports.ledger.last_entry, iter(range(9))

    async def then_renamed(session: AsyncSession) -> object:
        found = await last_entry(session)
        if next(asked) == 1:
            await vendor.send(page.form("/fiche"), name="Ébène et fils")
        return found

    monkeypatch.setattr(exports.ledger, "last_entry", then_renamed)
    during = await reader.get("/editeurs.csv")
    after = await reader.get("/editeurs.csv", headers={"If-None-Match": during.headers["ETag"]})
    assert "Ébène et fils" not in during.text
    assert (after.status_code, "Ébène et fils" in after.text) == (200, True)


@pytest.mark.parametrize("name", ["=1+1", "a,b", 'a "b"', "a\rb", "+33", "'=x", "L’Œuvre\tx"])
async def test_lines_made_by_postgresql_are_those_made_here(
    reader: httpx2.AsyncClient, database: Database, name: str
) -> None:
    columns = ("name", "listed", "yes", "no", "number", "nothing", "share", "siren")
    values = (name, ["a", "b"], True, False, 12, None, 0.5, "000062711")
    record = dict(zip(columns, values, strict=True))
    statement = sa.select(
        sa.literal(name, sa.Text).label("name"),
        sa.cast(sa.literal("{a,b}"), sa.dialects.postgresql.ARRAY(sa.Text)).label("listed"),
        sa.true().label("yes"),
        sa.false().label("no"),
        sa.literal(12).label("number"),
        sa.null().cast(sa.Text).label("nothing"),
        sa.literal(0.5, sa.Float).label("share"),
        sa.literal("000062711", sa.Text).label("siren"),
    )

    async def records() -> AsyncIterator[list[exports.Record]]:
        yield [record]

    for format in exports.Format:
        async with database.read() as session:
            lines = exports.encode_statement(format, session, statement)
            from_database = b"".join([part async for part in lines])
        rows = exports.encode_rows(format, columns, records())
        assert from_database == b"".join([part async for part in rows])


@pytest.mark.parametrize("path", ["/collectivites", "/editeurs", "/logiciels", "/deploiement"])
async def test_a_page_offers_its_list_to_spreadsheets(
    reader: httpx2.AsyncClient, path: str
) -> None:
    page = await Browser(reader).open(path)
    reply = await reader.get(page.link("CSV pour Excel"), headers=IDENTITY)
    assert reply.url.path == f"{path}.excel.csv"
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.content.startswith("\ufeff".encode())
    plain = await reader.get(page.link("CSV"), headers=IDENTITY)
    header, *lines = reply.content.decode("utf-8-sig").split("\r\n")
    assert header.split(";") == plain.text.split("\n")[0].split(",")
    assert len(lines) == plain.text.count("\n")


async def test_a_code_is_written_for_excel_as_it_is_taken_back(reader: httpx2.AsyncClient) -> None:
    reply = await reader.get("/collectivites.excel.csv", headers=IDENTITY)
    assert '\r\n="01001";="01001";="' in reply.content.decode()
