"""Evidence by HTTP: given by PUT, cited by a step, read by those who may."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from models import Dispute, DisputeKind, DisputeState, DisputeTransition, Source
from registry.api import evidence
from registry.app import create_app
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.exchange.evidence import LARGEST
from registry.settings import Settings
from tests.api.conftest import Ask, Token, Written
from tests.api.test_commitments import SIGNATURE
from tests.api.test_integrations import V1, faults
from tests.api.test_vendors import AUBEPINE, EBENE, SILENT
from tests.factories import add, siren
from tests.pictures import jpeg, pdf, png

pytestmark = pytest.mark.usefixtures("world")

TOWN = siren(21001001)
OTHER_TOWN = siren(21001002)

Give = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pieces"


@pytest.fixture
async def client(database: Database, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(evidence_dir=folder, public_url="https://raccord.example/")
    transport = httpx2.ASGITransport(create_app(database, settings))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


def bearer(by: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {by}"} if by else {}


@pytest.fixture
def give(client: httpx2.AsyncClient) -> Give:
    async def run(by: str | None, body: Any, kind: str = "", **asked: str) -> httpx2.Response:
        headers = bearer(by) | ({"Content-Type": kind} if kind else {})
        return await client.put("/evidence", content=body, headers=headers, params=asked)

    return run


@pytest.fixture
def status(client: httpx2.AsyncClient) -> Callable[..., Awaitable[int]]:
    async def read(url: str, by: str | None = None) -> int:
        return (await client.get(httpx2.URL(url).raw_path.decode(), headers=bearer(by))).status_code

    return read


def code(refused: httpx2.Response) -> str:
    return str(refused.json()["errors"][0]["extensions"]["code"])


async def test_a_file_is_given_once(
    give: Give, token: Token, folder: Path, written: Written
) -> None:
    by = await token(EBENE)
    given = await give(by, pdf(), "application/pdf")
    digest = hashlib.sha256(pdf()).hexdigest()
    url = f"https://raccord.example/evidence/{digest}"
    assert (given.status_code, given.json()) == (201, {"sha256": digest, "url": url})
    assert given.headers["location"] == url
    again = await give(by, pdf())
    assert (again.status_code, again.json()) == (200, given.json())
    other = await give(await token(AUBEPINE), pdf())
    assert (other.status_code, other.json()) == (201, given.json())
    kept = [file for file in folder.rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in kept] == [pdf()]
    assert [entry[:2] for entry in await written()] == [("give", "evidence")] * 2


async def test_a_file_is_served_as_a_thing_to_keep(
    give: Give, token: Token, client: httpx2.AsyncClient
) -> None:
    by = await token(EBENE)
    for body, kind, suffix in (
        (pdf(), "application/pdf", "pdf"),
        (png(), "image/png", "png"),
        (jpeg(), "image/jpeg", "jpg"),
    ):
        digest = (await give(by, body)).json()["sha256"]
        served = await client.get(f"/evidence/{digest}", headers=bearer(by))
        assert (served.status_code, served.content) == (200, body)
        assert served.headers["content-type"] == kind
        name = f'attachment; filename="piece-{digest[:12]}.{suffix}"'
        assert served.headers["content-disposition"] == name
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert served.headers["cache-control"] == "private, no-cache"


async def test_who_is_not_signed_in_gives_nothing(give: Give, folder: Path) -> None:
    nobody = await give(None, png())
    assert (nobody.status_code, code(nobody)) == (401, "UNAUTHENTICATED")
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert (await give("rac_x", png())).status_code == 401
    assert not folder.exists()


async def test_another_site_s_page_gives_nothing(client: httpx2.AsyncClient) -> None:
    headers = {"Cookie": "session=x", "Origin": "https://elsewhere.example"}
    refused = await client.put("/evidence", content=png(), headers=headers)
    assert (refused.status_code, code(refused)) == (403, "CSRF")


async def test_evidence_is_given_for_an_organisation_of_one_s_own(
    give: Give, token: Token, folder: Path
) -> None:
    by = await token(EBENE)
    assert (await give(by, png(), siren=EBENE)).status_code == 201
    other = await give(by, png(), siren=AUBEPINE)
    assert (other.status_code, code(other)) == (403, "FORBIDDEN")
    reading = await token(SILENT, scopes=["READ"])
    assert (await give(reading, png())).status_code == 403
    assert (await give(by, png(), siren="12")).status_code == 400
    assert (await give(by, png(), organisation=EBENE)).status_code == 400
    assert len([file for file in folder.rglob("*") if file.is_file()]) == 1


async def test_what_is_refused_leaves_nothing(
    give: Give, token: Token, client: httpx2.AsyncClient, folder: Path, written: Written
) -> None:
    by = await token(EBENE)

    async def unannounced() -> AsyncIterator[bytes]:
        yield png()
        for _ in range(20):
            yield bytes(LARGEST // 20)

    for body, kind, expected in (
        (b"<script>", "", 400),
        (png(), "application/pdf", 400),
        (png(), "text/html", 415),
        (b"", "", 400),
        (png() + bytes(LARGEST), "", 413),
        (unannounced(), "", 413),
    ):
        assert (await give(by, body, kind)).status_code == expected
    zipped = {"Content-Encoding": "gzip"} | bearer(by)
    assert (await client.put("/evidence", content=png(), headers=zipped)).status_code == 415
    assert [file for file in folder.rglob("*") if file.is_file()] == []
    assert await written() == []


async def test_a_file_comes_in_time_or_not_at_all(
    give: Give, token: Token, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "PATIENCE", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield png()[:10]
        await asyncio.sleep(5)

    late = await give(await token(EBENE), slow())
    assert (late.status_code, code(late)) == (408, "TIMEOUT")
    assert [*folder.iterdir()] == []


async def test_a_file_that_nothing_cites_is_for_its_organisation_and_the_ministry(
    give: Give, token: Token, ministry: str, status: Any
) -> None:
    by = await token(EBENE)
    url = (await give(by, png())).json()["url"]
    assert [await status(url, reader) for reader in (by, ministry)] == [200, 200]
    for reader in (None, await token(AUBEPINE), await token(TOWN)):
        assert await status(url, reader) == 404
    assert await status("/evidence/" + "0" * 64, ministry) == 404
    for malformed in ("0" * 63, "Z" * 64, "%2e%2e%2fsettings.py", "0" * 64 + "%0A"):
        assert await status(f"/evidence/{malformed}", ministry) == 404


async def test_what_a_declaration_cites_is_public(
    give: Give, token: Token, status: Any, write: Ask
) -> None:
    by = await token(EBENE)
    url = (await give(by, png())).json()["url"]
    step = V1 | {"state": "QUALIFIED"}
    done = await write("RecordIntegration", by, **step, evidenceUrl=url)
    assert (done["evidenceUrl"], done["evidenceLevel"]) == (url, "EVIDENCED")
    assert await status(url) == 200
    signer = await token(SILENT)
    signed = (await give(signer, pdf())).json()["url"]
    assert await status(signed) == 404
    await write("SignCommitment", signer, vendorSiren=SILENT, **SIGNATURE, evidenceUrl=signed)
    assert await status(signed) == 200


async def test_one_cites_what_one_s_organisation_gave(
    give: Give, token: Token, write: Ask, status: Any, written: Written
) -> None:
    url = (await give(await token(TOWN), pdf(b"Devis"))).json()["url"]
    by = await token(EBENE)
    step = V1 | {"state": "QUALIFIED"}
    digest = url[-64:]
    for cited in (
        url,
        f" {url} ",
        f"http://elsewhere.example/x/evidence/{digest}",
        f"https://raccord.example/?x=/evidence/{digest}",
        "https://raccord.example/evidence/" + "0" * 64,
    ):
        assert faults(await write("RecordIntegration", by, **step, evidenceUrl=cited)) == [
            "evidenceUrl"
        ]
    nobody = await write("RecordIntegration", **step, evidenceUrl=url)
    assert nobody["__typename"] == "NotSignedIn"
    assert [entry[0] for entry in await written()] == ["give"]
    outside = f"https://elsewhere.example/evidence/{digest}?page=2"
    assert (await write("RecordIntegration", by, **step, evidenceUrl=outside))["state"]
    assert await status(url) == 404


async def test_a_file_that_a_dispute_cites_is_for_its_sides(
    give: Give, token: Token, ministry: str, status: Any, database: Database
) -> None:
    by = await token(TOWN)
    url = (await give(by, pdf(b"Devis"))).json()["url"]
    await _dispute(database, url)
    accused = await token(EBENE)
    assert [await status(url, reader) for reader in (by, accused, ministry)] == [200] * 3
    for reader in (None, await token(AUBEPINE), await token(OTHER_TOWN)):
        assert await status(url, reader) == 404


async def test_the_town_reads_the_reply_that_was_made_to_it(
    give: Give, token: Token, status: Any, database: Database
) -> None:
    url = (await give(await token(EBENE), jpeg())).json()["url"]
    await _dispute(database, url)
    assert await status(url, await token(TOWN)) == 200


async def _dispute(database: Database, url: str) -> None:
    """The town disputes a product of Ébène, and someone cites ``url``."""
    async with database.transaction(ADMINISTRATOR) as session:
        town = await session.scalar(sa.text("SELECT id FROM collectivite WHERE insee = '01001'"))
        used = await session.scalar(sa.text("SELECT id FROM product WHERE slug = 'famille'"))
        dispute = Dispute(
            collectivite_id=town, product_id=used, kind=DisputeKind.SURCHARGE, statement="600 €"
        )
        await add(session, dispute)
        await add(
            session,
            DisputeTransition(
                dispute_id=dispute.id,
                state=DisputeState.OPEN,
                effective_on=today(),
                declared_by=Source.COLLECTIVITE,
                evidence_url=url,
            ),
        )


async def test_without_a_public_address_the_request_s_own_is_told(
    database: Database, token: Token, folder: Path
) -> None:
    transport = httpx2.ASGITransport(create_app(database, Settings(evidence_dir=folder)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        given = await client.put("/evidence", content=png(), headers=bearer(await token(EBENE)))
    assert given.json()["url"].startswith("http://registry/evidence/")


@pytest.mark.parametrize("loss", ["altered", "gone"])
async def test_a_file_that_is_not_what_was_given_is_not_shown(
    give: Give, token: Token, client: httpx2.AsyncClient, folder: Path, loss: str
) -> None:
    """Who gives it again puts it right."""
    by = await token(EBENE)
    digest = (await give(by, png())).json()["sha256"]
    (place,) = folder.rglob(digest)
    if loss == "gone":
        place.unlink()
    else:
        place.write_bytes(png()[:-1] + b"x")
    refused = await client.get(f"/evidence/{digest}", headers=bearer(by))
    assert (refused.status_code, code(refused)) == (503, "UNAVAILABLE")
    assert "sauvegarde" in refused.json()["errors"][0]["message"]
    assert (await give(by, png())).status_code == 200
    assert (await client.get(f"/evidence/{digest}", headers=bearer(by))).content == png()


async def test_a_disk_that_is_full_is_told(
    give: Give, token: Token, folder: Path, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    by = await token(EBENE)
    monkeypatch.setattr("os.replace", full)
    monkeypatch.setattr("pathlib.Path.replace", full)
    refused = await give(by, png())
    assert (refused.status_code, code(refused)) == (503, "UNAVAILABLE")
    assert "No space left" in refused.json()["errors"][0]["message"]
    assert [file for file in folder.rglob("*") if file.is_file()] == []
    assert await written() == []


async def test_an_organisation_keeps_so_much(
    database: Database, token: Token, folder: Path, tmp_path: Path
) -> None:
    """Evidence and files of declarations together; the same file counts once."""
    line = f"collectivite,vendor_siren,product,demarche,since\n01006,{EBENE},famille,,\n".encode()
    settings = Settings(
        evidence_dir=folder, uploads_dir=tmp_path / "up", storage_limit=len(png()) + len(line)
    )
    transport = httpx2.ASGITransport(create_app(database, settings))
    by, other = await token(EBENE), await token(AUBEPINE)
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:

        async def put(address: str, body: bytes, sender: str = by) -> httpx2.Response:
            return await client.put(address, content=body, headers=bearer(sender))

        assert (await put("/evidence", png())).status_code == 201
        assert (await put("/evidence", png())).status_code == 200
        assert (await put("/bulk/deployments", line)).status_code == 202
        assert (await put("/bulk/deployments", line)).status_code == 202
        for address, body in (("/evidence", jpeg()), ("/bulk/deployments", line + b"\n")):
            refused = await put(address, body)
            assert (refused.status_code, code(refused)) == (413, "LIMIT_EXCEEDED")
            assert "30 jours" in refused.json()["errors"][0]["message"]
        assert (await put("/evidence", png(), other)).status_code == 201
        kept = [file for place in (folder, tmp_path / "up") for file in place.rglob("*")]
        assert len([file for file in kept if file.is_file()]) == 2


async def test_two_files_at_once_take_room_one_after_the_other(
    database: Database, token: Token, folder: Path
) -> None:
    settings = Settings(evidence_dir=folder, storage_limit=len(png()) + 5)
    transport = httpx2.ASGITransport(create_app(database, settings))
    by = await token(EBENE)
    bodies = [png(), *(png(width=width) for width in (2, 3, 4))]
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        answers = await asyncio.gather(
            *(client.put("/evidence", content=body, headers=bearer(by)) for body in bodies)
        )
    assert sorted(answer.status_code for answer in answers) == [201, 413, 413, 413]
