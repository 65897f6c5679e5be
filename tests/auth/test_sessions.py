"""What a cookie is worth, and for how long."""

import http.cookies
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.responses import Response

from models import Account, Delegation
from registry.auth import backend, sessions
from registry.database import Database
from registry.domain import web_sessions
from registry.domain.accounts import Person
from registry.domain.actor import ADMINISTRATOR, PUBLIC, SIGN_IN, Actor, Role
from registry.domain.errors import NotSignedIn
from registry.domain.verification import differences
from registry.settings import ROOT
from tests.api.conftest import Written
from tests.factories import add, add_world, establishment, siren

EBENE, AUBEPINE = siren(99990000), siren(99990001)
ALIX = Person("https://issuer.example", "alix", establishment(EBENE), "Alix@ebene.example", "Ébène")

SignIn = Callable[..., Awaitable[str]]


@pytest.fixture
def sign_in(database: Database) -> SignIn:
    async def run(person: Person = ALIX, former: str | None = None) -> str:
        secret = sessions.generate()
        async with database.transaction(SIGN_IN) as session:
            await web_sessions.open_session(
                session,
                person,
                sessions.digest(secret),
                id_token="signed",
                replaced=sessions.digest(former) if former else None,
            )
        return secret

    return run


async def actor(database: Database, secret: str, *, secure: bool = True, name: str = "") -> Actor:
    named = name or ("__Host-raccord" if secure else "raccord")
    return await backend.actor_of(database, {"cookie": f"{named}={secret}"}, secure=secure)


async def age(database: Database, column: str, by: timedelta) -> None:
    statement = sa.text(f"UPDATE web_session SET {column} = {column} - CAST(:by AS interval)")
    async with database.transaction(SIGN_IN) as session:
        await session.execute(statement, {"by": by})


async def end(database: Database, secret: str, *, everywhere: bool = False) -> str | None:
    async with database.transaction(SIGN_IN) as session:
        return await web_sessions.end(
            session, sessions.digest(secret), datetime.now(UTC), everywhere=everywhere
        )


async def column(database: Database, query: str) -> list[object]:
    async with database.read(ADMINISTRATOR) as session:
        return [*await session.scalars(sa.text(query))]


async def test_a_session_is_its_person(database: Database, sign_in: SignIn) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
    found = await actor(database, await sign_in())
    assert (found.role, found.organisation, found.siret) == (Role.MEMBER, EBENE, ALIX.siret)
    assert (found.label, found.email) == ("Ébène", "alix@ebene.example")
    assert len(found.vendors) == 1
    assert found.scopes is None


async def test_a_delegate_acts_for_those_that_named_them(
    database: Database, sign_in: SignIn
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add(
            session,
            Delegation(siren=AUBEPINE, delegate_siren=EBENE, email="alix@ebene.example"),
        )
    assert (await actor(database, await sign_in())).sirens == {EBENE, AUBEPINE}


async def test_the_ledger_tells_who_signs_in_and_out_without_naming_them(
    database: Database, sign_in: SignIn, written: Written
) -> None:
    secret = await sign_in()
    assert await end(database, secret) == "signed"
    assert await end(database, secret) is None
    (number,) = await column(database, "SELECT id FROM account")
    assert await written() == [
        (action, noun, f"account:{number}")
        for action in ("sign-in", "sign-out")
        for noun in ("account", "web_session")
    ]
    entries = await column(
        database,
        "SELECT convert_from(payload, 'UTF8') FROM ledger WHERE noun = 'account' ORDER BY seq",
    )
    assert len(entries) == 2
    for entry in entries:
        assert EBENE in str(entry)
        assert not [word for word in ("alix", "signed", secret) if word in str(entry).lower()]
    async with database.read(ADMINISTRATOR) as session:
        assert not [found async for found in differences(session) if found[1]]


async def test_only_a_digest_is_kept(database: Database, sign_in: SignIn) -> None:
    secret = await sign_in()
    assert len(secret) == 43
    kept = await column(database, "SELECT CAST(to_jsonb(web_session) AS text) FROM web_session")
    assert len(kept) == 1
    assert secret not in str(kept[0])


async def test_a_person_has_one_account(database: Database, sign_in: SignIn) -> None:
    await sign_in()
    moved = Person(ALIX.issuer, ALIX.subject, establishment(AUBEPINE), "alix@aubepine.example")
    await sign_in(moved)
    await sign_in(Person("https://other.example", ALIX.subject, ALIX.siret, ALIX.email))
    async with database.read(ADMINISTRATOR) as session:
        accounts = [*await session.scalars(sa.select(Account).order_by(Account.issuer))]
    assert [(account.issuer, account.siret) for account in accounts] == [
        ("https://issuer.example", moved.siret),
        ("https://other.example", ALIX.siret),
    ]


async def test_a_session_keeps_the_organisation_it_began_with(
    database: Database, sign_in: SignIn
) -> None:
    first = await sign_in()
    await sign_in(Person(ALIX.issuer, ALIX.subject, establishment(AUBEPINE), ALIX.email, "Autre"))
    found = await actor(database, first)
    assert (found.organisation, found.label) == (EBENE, None)


@pytest.mark.parametrize(
    ("column", "by", "role"),
    [
        ("used_at", timedelta(hours=1, minutes=59), Role.MEMBER),
        ("used_at", timedelta(hours=2), Role.PUBLIC),
        ("created_at", timedelta(hours=11, minutes=59), Role.MEMBER),
        ("created_at", timedelta(hours=12), Role.PUBLIC),
    ],
)
async def test_a_session_ends_when_idle_or_old(
    database: Database, sign_in: SignIn, column: str, by: timedelta, role: Role
) -> None:
    secret = await sign_in()
    await age(database, column, by)
    assert (await actor(database, secret)).role is role


async def test_its_use_is_written_once_a_minute(database: Database, sign_in: SignIn) -> None:
    secret = await sign_in()
    (before,) = await column(database, "SELECT used_at FROM web_session")
    await actor(database, secret)
    assert await column(database, "SELECT used_at FROM web_session") == [before]
    await age(database, "used_at", timedelta(minutes=90))
    await actor(database, secret)
    assert await column(database, "SELECT used_at > now() - interval '1 minute' FROM web_session")
    await age(database, "used_at", timedelta(minutes=90))
    assert (await actor(database, secret)).role is Role.MEMBER


async def test_signing_in_again_ends_the_browser_s_former_session(
    database: Database, sign_in: SignIn
) -> None:
    first = await sign_in()
    second = await sign_in(former=first)
    assert await actor(database, first) is PUBLIC
    assert (await actor(database, second)).role is Role.MEMBER


async def test_signing_out_ends_one_session_or_all(database: Database, sign_in: SignIn) -> None:
    here, there, elsewhere = await sign_in(), await sign_in(), await sign_in()
    await end(database, here)
    assert await actor(database, here) is PUBLIC
    assert await actor(database, there) is not PUBLIC
    await end(database, there, everywhere=True)
    assert await actor(database, elsewhere) is PUBLIC
    assert await column(database, "SELECT id_token FROM web_session") == [None] * 3


@pytest.mark.parametrize("secret", ["", "x", "é" * 43, "a" * 43, "a" * 10_000, "' OR ''='"])
async def test_another_cookie_is_nobody_s(database: Database, sign_in: SignIn, secret: str) -> None:
    await sign_in()
    assert await actor(database, secret) is PUBLIC


async def test_by_https_only_the_guarded_name_counts(database: Database, sign_in: SignIn) -> None:
    secret = await sign_in()
    assert await actor(database, secret, secure=True, name="raccord") is PUBLIC
    assert await actor(database, secret, secure=False, name="__Host-raccord") is PUBLIC
    assert (await actor(database, secret, secure=False)).role is Role.MEMBER


def test_a_quoted_cookie_is_never_unquoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library takes the square of its length: 64 kB held the process for 24 s."""

    def unquote(text: str) -> str:
        raise AssertionError(f"{len(text)} characters unquoted")

    monkeypatch.setattr(http.cookies, "_unquote", unquote)
    ours = "s" * 43
    hostile = 'a="' + '\\"' * 32_000 + f'"; raccord={ours}; {"b=c;" * 9_000}'
    assert sessions.read({"cookie": hostile}, sessions.SESSION, secure=False) == ours
    assert sessions.cookie({"cookie": hostile}, "a") is not None
    assert sessions.cookie({"cookie": "x=1; x = 2 ;x"}, "x") == ""
    assert sessions.cookie({}, "x") is None


def test_nothing_reads_cookies_otherwise() -> None:
    source = "".join(path.read_text() for path in (ROOT / "registry").rglob("*.py"))
    assert not re.findall(r"cookie_parser|SimpleCookie|request\.cookies", source)


async def test_a_bad_token_is_told_even_with_a_good_cookie(
    database: Database, sign_in: SignIn
) -> None:
    cookie = f"raccord={await sign_in()}"
    with pytest.raises(NotSignedIn):
        await backend.actor_of(
            database, {"cookie": cookie, "authorization": "Bearer rac_x"}, secure=False
        )


def test_the_cookie_is_out_of_reach_of_scripts_and_neighbours() -> None:
    found = []
    for secure in (True, False):
        response = Response()
        sessions.write(response, sessions.SESSION, "x", secure=secure, seconds=60)
        found.append(response.headers["set-cookie"].split("; "))
    bounds = {"HttpOnly", "Max-Age=60", "Path=/", "SameSite=lax"}
    assert [name for name, *_ in found] == ["__Host-raccord=x", "raccord=x"]
    assert [set(attributes) for _, *attributes in found] == [bounds | {"Secure"}, bounds]


async def test_only_the_door_writes_sessions(database: Database, sign_in: SignIn) -> None:
    """The second wall: whoever is signed in can't prolong a session, nor make one."""
    secret = await sign_in()
    member = await actor(database, secret)
    before = await column(database, "SELECT used_at FROM web_session")
    async with database.transaction(member) as session:
        await web_sessions.use(
            session, sessions.digest(secret), datetime.now(UTC) + timedelta(hours=1)
        )
    assert await column(database, "SELECT used_at FROM web_session") == before
