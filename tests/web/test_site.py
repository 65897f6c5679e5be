"""What every page has in common."""

from pathlib import Path

import httpx2
import pytest

from registry.app import create_app
from registry.database import Database, DatabaseAway
from registry.settings import Settings
from registry.web.look import Look
from tests.servers import listening
from tests.web.browsing import SENT, Browser, Page


async def test_an_unknown_address_is_told_on_a_page(public: Browser) -> None:
    page = await public.open("/nulle-part")
    assert page.status == 404
    assert "Rien ne se trouve à cette adresse." in page.text
    assert page.link("Chercher votre commune") == "/"


async def test_a_program_is_told_in_a_line(public: Browser) -> None:
    reply = await public.client.get("/nulle-part", headers={"Accept": "application/json"})
    assert (reply.status_code, reply.text) == (404, "Rien ne se trouve à cette adresse.\n")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nulle-part", 404),
        ("POST", "/logiciels", 405),
        ("POST", "/collectivites/01006/sans-demarche", 403),
    ],
)
async def test_an_error_knows_who_asks(
    secretary: Browser, monkeypatch: pytest.MonkeyPatch, method: str, path: str, status: int
) -> None:
    reply = await secretary.client.request(method, path, headers=SENT, data={"a": "b"})
    assert (reply.status_code, "Mon espace" in Page(reply).text) == (status, True)
    if status == 403:
        return

    def away(*_: object) -> None:
        raise DatabaseAway("essai")

    monkeypatch.setattr(Database, "read", away)
    reply = await secretary.client.request(method, path, headers=SENT)
    assert (reply.status_code, "Se connecter" in Page(reply).text) == (status, True)


async def test_static_files_are_kept_by_their_version(public: Browser) -> None:
    for name in ("page.css", "page.js", "htmx.js", "icon.svg"):
        file = Look().statics[name]
        named = await public.client.get(f"/static/{name}?v={file.version}")
        assert "immutable" in named.headers["cache-control"]
        assert named.content == file.content
        assert (await public.client.get(f"/static/{name}")).headers["cache-control"] == "no-cache"
    assert (await public.client.get("/static/nothing.css")).status_code == 404


async def test_a_folder_replaces_templates_and_files(database: Database, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "templates" / "base.html").write_text(
        '{% extends "raccord/base.html" %}{% block brand %}<p>Ministère d’Essai</p>{% endblock %}'
    )
    (tmp_path / "static" / "page.css").write_text("body { color: #123456 }")
    app = create_app(database, Settings(site_dir=tmp_path))
    async with listening(app) as url, httpx2.AsyncClient(base_url=url) as client:
        page = Page(await client.get("/compte"))
        assert "Ministère d’Essai" in page.text
        assert "Aller au contenu" in page.text
        assert (await client.get("/static/page.css")).text == "body { color: #123456 }"
        assert (await client.get("/static/page.js")).status_code == 200


@pytest.mark.parametrize(
    ("form", "sender", "back"),
    [
        ("sans-demarche", None, "%2Fsans-demarche"),
        ("sans-demarche/retrait", "http://registry/collectivites/01006?a=1", "%3Fa%3D1"),
        ("sans-demarche/retrait", "http://elsewhere/collectivites/01006", None),
    ],
)
async def test_a_session_that_ended_comes_back_to_the_form(
    public: Browser, form: str, sender: str | None, back: str | None
) -> None:
    headers = SENT | ({"Referer": sender} if sender else {})
    town = "/collectivites/01006"
    reply = await public.client.post(
        f"{town}/{form}", headers=headers, data={"since": ""}, follow_redirects=False
    )
    place = "%2F" if back is None else f"%2Fcollectivites%2F01006{back}"
    assert (reply.status_code, reply.headers["location"]) == (303, f"/connexion?retour={place}")
    assert "Votre session a expiré" in (await public.open(reply.headers["location"])).text


@pytest.mark.parametrize(
    ("written", "shown"),
    [("Vrai ?", "Vrai\u00a0?"), ("a != b", "a != b"), ("« oui »", "«\u00a0oui\u00a0»")],
)
def test_french_spaces_never_end_a_line(written: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "essai.html").write_text(written)
    assert Look(tmp_path).render("essai.html") == shown


async def test_pages_and_graphql_are_counted_together(world: None, database: Database) -> None:
    app = create_app(database, Settings(requests_per_minute=4, points_per_minute=1_500))
    transport = httpx2.ASGITransport(app, client=("192.0.2.1", 5000))
    plan = {"calculer": "oui", "departement": "01"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        assert (await client.get("/deploiement/plan", params=plan)).status_code == 200
        again = await client.get("/deploiement/plan.csv", params={**plan, "auplus": "1"})
        assert again.status_code == 429
        assert 0 < int(again.headers["retry-after"]) <= 22
        assert "Trop de points de coût : 1500 par minute au plus" in Page(again).text
        asked = await client.post("/graphql", json={"query": "{ campaign { name } }"})
        assert asked.status_code == 200
        assert (await client.get("/")).status_code == 200
        often = await client.get("/")
        assert (often.status_code, "Trop de requêtes : 4 par minute" in often.text) == (429, True)
