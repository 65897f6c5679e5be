"""The development sign-in: every role at a click on one's own machine, and nowhere else."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from models import Source
from registry.app import create_app
from registry.auth import trial
from registry.database import Database
from registry.domain import examples
from registry.domain.actor import ADMINISTRATOR, PUBLIC
from registry.domain.errors import NotSignedIn
from registry.settings import Settings
from tests.api.conftest import Written
from tests.auth.conftest import EBENE, FORM, OUR_PAGE, Check, configured, mutate, sign_out
from tests.cli.conftest import Run, run
from tests.factories import add_world, siren

__all__ = ["run"]

URL = "http://127.0.0.1:8000"
CODE = "C" * 43
SYNDICAT = siren(99980001)


@asynccontextmanager
async def trying(
    database: Database,
    *,
    client: str = "127.0.0.1",
    url: str = URL,
    allowed: bool = True,
    admitted: bool = True,
) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(database, Settings(), trial=CODE if allowed else None)
    transport = httpx2.ASGITransport(app, client=(client, 1))
    async with httpx2.AsyncClient(transport=transport, base_url=url) as browser:
        if admitted:
            browser.cookies.set("raccord-essai", CODE)
        yield browser


@pytest.fixture
async def demo(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
        operated = sa.text(
            "UPDATE deployment SET operator = :siren, confirmed_by = :by"
            " WHERE id = (SELECT min(id) FROM deployment)"
        )
        await session.execute(operated, {"siren": SYNDICAT, "by": Source.COLLECTIVITE.value})
        await examples.allow_ministry(session, ADMINISTRATOR)


async def choose(
    browser: httpx2.AsyncClient, organisation: str, headers: dict[str, str] | None = None
) -> httpx2.Response:
    return await browser.post(
        "/connexion/essai",
        content=f"organisation={organisation}",
        headers={**FORM, **(OUR_PAGE if headers is None else headers)},
    )


@pytest.mark.usefixtures("demo")
async def test_one_comes_back_to_the_page_one_left(database: Database) -> None:
    async with trying(database) as browser:
        door = await browser.get("/connexion?retour=/collectivites/01001")
        page = (await browser.get(door.headers["location"])).text
        assert 'name="retour" value="/collectivites/01001"' in page
        for back, landing in (("/collectivites/01001", "/collectivites/01001"), ("//x", "/compte")):
            reply = await browser.post(
                "/connexion/essai",
                content=f"organisation={EBENE}&retour={back}",
                headers={**FORM, **OUR_PAGE},
            )
            assert (reply.status_code, reply.headers["location"]) == (303, landing)


@pytest.mark.usefixtures("demo")
async def test_each_role_is_one_click_away(database: Database, written: Written) -> None:
    async with trying(database) as browser:
        door = await browser.get("/connexion")
        assert (door.status_code, door.headers["location"]) == (303, "/connexion/essai")
        page = (await browser.get("/connexion/essai")).text
        offered = re.findall(r'value="([0-9]{9})">([^:]+)\s: ', page)
        assert [role for _, role in offered] == [
            "Ministère",
            *["Éditeur"] * 2,
            *["Collectivité"] * 2,
            "Opérateur",
        ]
        told = {
            "Ministère": "le ministère",
            "Éditeur": "un éditeur",
            "Collectivité": "une collectivité",
            "Opérateur": "un opérateur",
        }
        for organisation, role in offered:
            assert (await choose(browser, organisation)).headers["location"] == "/compte"
            assert told[role] in (await browser.get("/compte")).text
        assert len({organisation for organisation, _ in offered}) == 6
    assert [entry[:2] for entry in await written()] == [
        ("sign-in", "account"),
        ("sign-in", "web_session"),
    ] * 6


@pytest.mark.usefixtures("demo")
async def test_it_is_a_session_like_another(database: Database) -> None:
    async with trying(database) as browser:
        await choose(browser, EBENE)
        assert {*browser.cookies} == {"raccord", "raccord-essai"}
        made = await mutate(browser, "RegisterVendor", siren=EBENE, name="Ébène")
        assert made["__typename"] == "Vendor"
        out = await sign_out(browser)
        assert "refresh" not in out.headers
        assert "pas connecté" in (await browser.get("/compte")).text


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("organisation", ["", "x", "130025265", "0000010080"])
async def test_only_those_that_are_listed(
    database: Database, nobody: Check, organisation: str
) -> None:
    async with trying(database) as browser:
        assert (await choose(browser, organisation)).status_code == 400
    await nobody()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {}]
)
async def test_another_site_signs_nobody_in(
    database: Database, nobody: Check, headers: dict[str, str]
) -> None:
    async with trying(database) as browser:
        assert (await choose(browser, EBENE, headers)).status_code == 403
    await nobody()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("client", "url", "headers"),
    [
        ("192.0.2.1", URL, {}),
        ("::ffff:192.0.2.1", URL, {}),
        ("", URL, {}),
        ("127.0.0.1", "http://raccord.example", {}),
        ("127.0.0.1", "http://127.0.0.1.evil.example", {}),
        ("127.0.0.1", "http://192.0.2.1:8000", {}),
        ("127.0.0.1", URL, {"X-Forwarded-For": "192.0.2.1"}),
        ("127.0.0.1", URL, {"Forwarded": "for=192.0.2.1"}),
        ("127.0.0.1", URL, {"Via": "1.1 proxy"}),
        ("127.0.0.1", URL, {"Host": "[::1"}),
    ],
)
async def test_from_elsewhere_it_does_not_exist(
    database: Database, nobody: Check, client: str, url: str, headers: dict[str, str]
) -> None:
    async with trying(database, client=client, url=url) as browser:
        assert (await browser.get("/connexion/essai", headers=headers)).status_code == 404
        assert (await choose(browser, EBENE, OUR_PAGE | headers)).status_code == 404
    await nobody()


@pytest.mark.usefixtures("demo")
async def test_the_code_of_the_terminal_alone_opens_it(database: Database, nobody: Check) -> None:
    """A relay on this machine passes for a browser of it, and its clients with it."""
    async with trying(database, admitted=False) as browser:
        for address in ("?code=%00", "?code=%ED%A0"):
            assert (await browser.get(f"/connexion/essai{address}")).status_code == 400
        for address in ("", "?code=", "?code=C", f"?code={'D' * 43}"):
            page = await browser.get(f"/connexion/essai{address}")
            assert page.status_code == 403
            assert "l’adresse que le terminal affiche" in page.text
            assert EBENE not in page.text
        assert (await choose(browser, EBENE)).status_code == 403
        await nobody()
        admitted = await browser.get(f"/connexion/essai?code={CODE}")
        assert (admitted.status_code, admitted.headers["location"]) == (303, "/")
        assert CODE not in (await browser.get("/connexion/essai")).text
        assert (await choose(browser, EBENE)).status_code == 303


def test_a_code_serves_one_run_and_its_owner(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    first, second = trial.renew_code(settings), trial.renew_code(settings)
    assert first != second == trial.read_code(settings)
    assert (tmp_path / "data" / trial.CODE_FILE).stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("demo")
async def test_unasked_for_it_does_not_exist(database: Database, nobody: Check) -> None:
    async with trying(database, allowed=False) as browser:
        assert (await browser.get("/connexion/essai")).status_code == 404
        assert (await choose(browser, EBENE)).status_code == 404
    await nobody()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1"])
def test_it_is_served_on_loopback(host: str) -> None:
    trial.check(Settings(database_url=None), host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "raccord.example", ""])
def test_it_is_not_served_elsewhere(host: str) -> None:
    with pytest.raises(trial.TrialRefused, match="--dev-sign-in"):
        trial.check(Settings(database_url=None), host)


@pytest.mark.parametrize(
    "settings",
    [
        lambda: Settings(database_url="postgresql://127.0.0.1/raccord"),
        lambda: configured("https://issuer.example"),
    ],
)
def test_it_goes_with_no_other_database_nor_provider(settings: Callable[[], Settings]) -> None:
    with pytest.raises(trial.TrialRefused, match="--dev-sign-in"):
        trial.check(settings(), "127.0.0.1")


def test_serve_refuses_it_with_a_reason(run: Run) -> None:
    """The suite's database is an external one."""
    found = run("serve", "--dev-sign-in", "--port", "0")
    assert (found.code, found.out) == (1, "")
    assert "base embarquée" in found.err
    assert "Traceback" not in found.err


def test_serve_refuses_it_on_the_network(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RACCORD_DATABASE_URL")
    found = run("serve", "--dev-sign-in", "--host", "0.0.0.0", "--port", "0")
    assert found.code == 1
    assert "0.0.0.0" in found.err


def test_serve_refuses_half_a_provider(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACCORD_PROCONNECT_URL", "https://issuer.example")
    monkeypatch.setenv("RACCORD_PROCONNECT_CLIENT_SECRET", "not to be told")
    found = run("serve", "--port", "0")
    assert found.code == 1
    assert "RACCORD_PUBLIC_URL" in found.err
    assert "not to be told" not in found.err


@pytest.mark.usefixtures("demo")
async def test_nothing_of_it_is_left_once_it_is_off(database: Database, written: Written) -> None:
    async with trying(database) as browser:
        await choose(browser, examples.MINISTRY)
        assert "le ministère" in (await browser.get("/compte")).text
        async with database.transaction(ADMINISTRATOR) as session:
            await examples.forget_trial(session, ADMINISTRATOR)
            await examples.forget_trial(session, ADMINISTRATOR)
        assert "pas connecté" in (await browser.get("/compte")).text
        await choose(browser, examples.MINISTRY)
        assert "n’a pas de rôle" in (await browser.get("/compte")).text
    async with database.read(ADMINISTRATOR) as session:
        words = [
            *await session.scalars(
                sa.text(
                    "SELECT CAST(convert_from(payload, 'UTF8') AS json) ->> 'action' FROM ledger"
                    " WHERE noun = 'allowed_siret' ORDER BY seq"
                )
            )
        ]
    assert words == ["create", "update"]


async def test_only_the_administrator_allows_the_demo_s_ministry(database: Database) -> None:
    for change in (examples.allow_ministry, examples.forget_trial):
        with pytest.raises(NotSignedIn):
            async with database.transaction(PUBLIC) as session:
                await change(session, PUBLIC)
