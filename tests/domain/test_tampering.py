"""Whoever changes the database past the program is seen by ``raccord verify``."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from models import (
    Account,
    AllowedSiret,
    Commitment,
    CommitmentState,
    Delegation,
    Evidence,
    Source,
    Token,
    WebSession,
)
from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from registry.domain.verification import RECORDED, differences
from registry.embedded import Addresses
from tests.factories import add, add_world, establishment, siren, vendor

OWN, OTHER = siren(99970000), siren(20000099)
UNLOCKED = "ALTER TABLE ledger DISABLE TRIGGER ledger_append_only"
LOCKED = "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_append_only"
LAST = "(SELECT max(seq) FROM ledger WHERE noun = 'vendor')"

WALLS = (
    "ALTER POLICY addable ON vendor WITH CHECK (true)",
    "DROP POLICY removable ON vendor",
    "CREATE POLICY mine ON token FOR UPDATE TO PUBLIC USING (true)",
    "ALTER TABLE commitment DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE ledger DISABLE TRIGGER ledger_append_only",
    "DROP TRIGGER guard_verification ON integration",
    "CREATE OR REPLACE FUNCTION acting_trusted() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE FUNCTION mine() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM token'",
    "GRANT UPDATE ON ledger TO raccord_app",
    "GRANT DELETE ON vendor TO PUBLIC",
    "GRANT UPDATE (state) ON integration TO raccord_app",
    "GRANT EXECUTE ON FUNCTION ledger_erase TO PUBLIC",
    "ALTER TABLE token DROP CONSTRAINT ck_token_scopes",
    "ALTER TABLE vendor ALTER COLUMN name DROP NOT NULL",
    "CREATE OR REPLACE VIEW vendor_key AS SELECT siren, id AS vendor_id FROM vendor",
    "CREATE RULE mine AS ON INSERT TO evidence DO INSTEAD NOTHING",
    "DROP INDEX uq_delegation_current",
)
"""First: PostgreSQL alters no table that an earlier verification still reads."""

ROWS = (
    "UPDATE vendor SET name = name || ' bis' WHERE siren = '{own}'",
    "UPDATE vendor SET website = 'https://autre.example' WHERE siren = '{own}'",
    "UPDATE vendor SET contact = 'autre@orme.example' WHERE siren = '{own}'",
    "UPDATE vendor SET statement = 'Nous sommes prêts.' WHERE siren = '{own}'",
    "UPDATE vendor SET search = 'autre' WHERE siren = '{own}'",
    "UPDATE product SET citizen_login = NOT citizen_login",
    "UPDATE product SET demarches = demarches || '{{SIGNALEMENT}}'",
    "UPDATE product SET retired_on = '2024-01-01'",
    "UPDATE integration SET state = 'QUALIFIED' WHERE state <> 'QUALIFIED'",
    "UPDATE integration SET evidence_level = 'VERIFIED' WHERE evidence_level <> 'VERIFIED'",
    "UPDATE integration SET effective_on = effective_on - 1",
    "UPDATE integration SET declared_by = 'DATAPASS'",
    "UPDATE integration SET effective_until = '2199-01-01' WHERE effective_until IS NULL",
    "UPDATE commitment SET state = 'DECLINED' WHERE state = 'SIGNED'",
    "UPDATE commitment SET signatory = 'Quelqu’un d’autre' WHERE signatory IS NOT NULL",
    "UPDATE commitment SET signatory_capacity = NULL WHERE signatory IS NOT NULL",
    "UPDATE commitment SET scope = scope || '{{ONE_OFF_FEES}}'",
    "UPDATE commitment SET valid_until = '2199-01-01' WHERE valid_until IS NULL",
    "UPDATE deployment SET confirmed_by = 'MINISTRY' WHERE confirmed_by IS NULL",
    "UPDATE deployment SET until = '2199-01-01' WHERE until IS NULL",
    "DELETE FROM deployment",
    "UPDATE activation SET state = 'IN_PRODUCTION' WHERE state <> 'IN_PRODUCTION'",
    "UPDATE collectivite SET population = population + 1",
    "UPDATE collectivite SET strata = '{{COMMUNE_OVER_3500}}' WHERE kind = 'COMMUNE'",
    "UPDATE territory SET code = '99' WHERE code = (SELECT min(code) FROM territory)",
    "UPDATE campaign SET accepted_services = accepted_services || '{{FRANCECONNECT_PLUS}}'",
    "UPDATE campaign SET total_target = 1",
    "UPDATE target SET share = 0.01",
    "DELETE FROM target",
    "UPDATE token SET scopes = scopes || '{{REVIEW}}'",
    "UPDATE token SET digest = sha256('mine')",
    "UPDATE token SET expires_at = expires_at + interval '1 day'",
    "UPDATE token SET siren = '{other}'",
    "DELETE FROM token",
    "INSERT INTO token (name, siren, digest, scopes, expires_at)"
    " VALUES ('x', '{own}', sha256('mine'), '{{REVIEW}}', now() + interval '1 day')",
    "UPDATE account SET email = 'autre@orme.example'",
    "UPDATE account SET subject = 'autre'",
    "UPDATE account SET siret = '{other}00017'",
    "UPDATE web_session SET digest = sha256('mine')",
    "UPDATE web_session SET ended_at = NULL",
    "UPDATE web_session SET siret = '{other}00017'",
    "INSERT INTO web_session (digest, account_id, siret)"
    " SELECT sha256('mine'), id, siret FROM account",
    "UPDATE delegation SET email = 'autre@orme.example'",
    "UPDATE delegation SET delegate_siren = '999900004'",
    "UPDATE allowed_siret SET removed_at = now()",
    "INSERT INTO allowed_siret (siret, label) VALUES ('{other}00017', 'Nous')",
    "UPDATE evidence SET digest = sha256('mine')",
    "INSERT INTO vendor (siren, name, search) VALUES ('{other}', 'Intrus', 'intrus')",
    "DELETE FROM record_value",
    "UPDATE record_value SET salt = sha256(salt)",
    f"DELETE FROM ledger WHERE seq = {LAST}",
    "DELETE FROM ledger WHERE seq = 2",
    "UPDATE ledger SET seq = seq + 1 WHERE seq = (SELECT max(seq) FROM ledger)",
    f"UPDATE ledger SET noun = 'product' WHERE seq = {LAST}",
    f"UPDATE ledger SET subject_id = 0 WHERE seq = {LAST}",
    "UPDATE ledger SET payload ="
    " convert_to(replace(convert_from(payload, 'UTF8'), 'Orme', 'Orne'), 'UTF8')"
    f" WHERE seq = {LAST}",
    "INSERT INTO ledger (seq, noun, subject_id, payload) SELECT seq + 1, noun, subject_id,"
    " convert_to('{{}}', 'UTF8') FROM ledger ORDER BY seq DESC LIMIT 1",
    "UPDATE readiness SET rank = 0 WHERE rank <> 0",
    "UPDATE product_verdict SET verdict = 'READY' WHERE verdict <> 'READY'",
    "UPDATE coverage_count SET connected = connected + 1",
    "UPDATE blocker_count SET blocked = blocked + 1",
)


@pytest.fixture
async def filled(database: Database) -> None:
    """A registry of which the ledger tells everything."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    siret = establishment(OWN)
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
        own = vendor(99970000, "Orme", contact="contact@orme.example")
        account = Account(issuer="https://p.example", subject="s", siret=siret, email="a@b.example")
        await add(session, own, account)
        await add(
            session,
            Commitment(
                vendor_id=own.recorded_id,
                state=CommitmentState.SIGNED,
                effective_on=date(2024, 1, 1),
                declared_by=Source.VENDOR,
                signatory="Camille Exemple",
                signatory_capacity="gérance",
            ),
            AllowedSiret(siret=siret, label="Ministère"),
            Token(name="n", siren=OWN, digest=bytes(32), scopes=["READ"], expires_at=tomorrow),
            WebSession(
                digest=bytes(32), account_id=account.recorded_id, siret=siret, ended_at=tomorrow
            ),
            Delegation(siren=OWN, delegate_siren=OTHER, email="d@b.example"),
            Evidence(digest=bytes(32), siren=OWN, media_type="image/png", size=1),
        )
        for noun in RECORDED:
            if noun != "schema_digest":
                ids = f"SELECT id FROM {noun}"
                await ledger.append_selected(session, "create", noun, ids)


@pytest.fixture
async def breaking(filled: None, addresses: Addresses) -> AsyncIterator[AsyncSession]:
    """A transaction of the owner's, past every trigger, that is undone."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(addresses.owner, server_settings={"timezone": "UTC"}),
    )
    async with AsyncSession(engine) as session:
        await session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        yield session
        await session.rollback()
    await engine.dispose()


async def test_each_kind_of_tampering_is_seen(breaking: AsyncSession, database: Database) -> None:
    async with database.read(ADMINISTRATOR) as session:
        known = {found async for found in differences(session) if found[1]}
    assert not [name for name, _ in known if "journal" in name or "murs" in name], known
    unseen = []
    for kind in (*WALLS, *ROWS):
        statement = kind.format(own=OWN, other=OTHER)
        before = await breaking.begin_nested()
        steps = (
            [UNLOCKED, statement, LOCKED]
            if kind in ROWS and " ledger" in statement[:18]
            else [statement]
        )
        for step in steps:
            await breaking.execute(sa.text(step.replace(":", "\\:")))
        if not await differs(breaking, known):
            unseen.append(statement)
        await before.rollback()
    assert unseen == []
    assert {found async for found in differences(breaking) if found[1]} == known


async def differs(session: AsyncSession, known: set[tuple[str, str | None]]) -> bool:
    async for found in differences(session):
        if found[1] and found not in known:
            return True
    return False
