"""What opens a door, or tells of a person, is read and changed by its own organisation alone."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from models import Account, Delegation, SignInAttempt, Token, WebSession
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, PUBLIC, REGISTRY, SIGN_IN, Actor, Role
from tests.factories import add, establishment, siren

OWN, OTHER, DELEGATE = siren(99970000), siren(99990000), siren(20000099)
MEMBER = Actor(Role.MEMBER, "account:1", OWN, sirens=frozenset({OWN}))
"""Of the first organisation; the delegate acts for it too, from another."""
FOR_ANOTHER = Actor(Role.MEMBER, "account:2", DELEGATE, sirens=frozenset({DELEGATE, OWN}))
MINISTRY = Actor(Role.MINISTRY, "account:3", siren(13002526), sirens=frozenset({siren(13002526)}))
TABLES = ("token", "delegation", "account", "web_session", "sign_in_attempt")
SEEN = {
    "nobody": (None, (0, 0, 0, 0, 0)),
    "public": (PUBLIC, (0, 0, 0, 0, 0)),
    "member": (MEMBER, (1, 1, 1, 0, 0)),
    "delegate": (FOR_ANOTHER, (0, 0, 0, 0, 0)),
    "ministry": (MINISTRY, (0, 0, 0, 0, 0)),
    "sign-in": (SIGN_IN, (2, 2, 2, 2, 1)),
    "administrator": (ADMINISTRATOR, (2, 2, 2, 2, 1)),
    "registry": (REGISTRY, (2, 2, 2, 2, 1)),
}
"""How many rows each sees of the tables, of the one or two that there are."""
CHANGES = (
    "UPDATE token SET expires_at = expires_at WHERE siren = '{}'",
    "UPDATE delegation SET ended_at = now() WHERE siren = '{}'",
    "UPDATE account SET siret = siret WHERE left(siret, 9) = '{}'",
    "UPDATE web_session SET used_at = now() WHERE left(siret, 9) = '{}'",
)
ADDED = (
    "INSERT INTO token (name, siren, digest, scopes, expires_at)"
    " VALUES ('x', '{}', sha256('mine'), '{{READ}}', now() + interval '1 day')",
    "INSERT INTO delegation (siren, delegate_siren, email) VALUES ('{}', '999900004', 'x@b.fr')",
)


@pytest.fixture
async def filled(database: Database) -> Database:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with database.transaction(ADMINISTRATOR) as session:
        for place, holder in enumerate((OWN, OTHER)):
            digest, siret = bytes([place]) * 32, establishment(holder)
            account = Account(issuer="p", subject=holder, siret=siret, email="m@b.fr")
            await add(session, account)
            await add(
                session,
                Token(name="n", siren=holder, digest=digest, scopes=["READ"], expires_at=tomorrow),
                WebSession(digest=digest, account_id=account.recorded_id, siret=siret),
                Delegation(siren=holder, delegate_siren=DELEGATE, email="d@b.fr"),
            )
        await add(session, SignInAttempt(state_digest=bytes(32), nonce="n", return_to="/"))
    return database


@pytest.mark.parametrize("name", SEEN)
async def test_each_sees_its_own_organisation_s_rows(filled: Database, name: str) -> None:
    reader, expected = SEEN[name]
    async with filled.read(reader) as session:
        counts = [
            await session.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in TABLES
        ]
    assert dict(zip(TABLES, counts, strict=True)) == dict(zip(TABLES, expected, strict=True))


@pytest.mark.parametrize("author", [PUBLIC, FOR_ANOTHER, MINISTRY, MEMBER])
async def test_nobody_changes_another_s(filled: Database, author: Actor) -> None:
    for statement in CHANGES:
        async with filled.transaction(author) as session:
            changed = await session.execute(sa.text(statement.format(OTHER)))
            assert changed.rowcount == 0, statement  # type: ignore[attr-defined]


@pytest.mark.parametrize("author", [PUBLIC, SIGN_IN, FOR_ANOTHER, MINISTRY])
@pytest.mark.parametrize("statement", ADDED)
async def test_nobody_adds_to_another_s(filled: Database, author: Actor, statement: str) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with filled.transaction(author) as session:
            await session.execute(sa.text(statement.format(OWN)))


@pytest.mark.parametrize("statement", ADDED)
async def test_a_member_adds_to_its_own(filled: Database, statement: str) -> None:
    async with filled.transaction(MEMBER) as session:
        await session.execute(sa.text(statement.format(OWN)))


async def test_a_mailbox_is_told_to_who_has_a_notice_for_it(filled: Database) -> None:
    query = sa.text("SELECT siren FROM account_mailboxes(:sirens, '2020-01-01')")
    async with filled.read(PUBLIC) as session:
        assert [*await session.scalars(query, {"sirens": [OWN]})] == []
        assert await session.scalar(sa.text("SELECT has_account(:siren)"), {"siren": OWN})
