"""What nobody needs is deleted after its delay; what anyone cites never is."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    BulkDeclaration,
    BulkNoun,
    BulkState,
    Evidence,
    Integration,
    IntegrationState,
    Product,
    Service,
    Source,
)
from registry.background import sweep_files
from registry.database import Database
from registry.domain import evidence, ledger, turns, verification
from registry.domain.actor import ADMINISTRATOR, REGISTRY, Actor, Role
from registry.domain.clock import now, today
from registry.domain.errors import InvalidInput
from registry.domain.evidence import File
from registry.domain.storage import Allowance
from registry.exchange.bulk import files as uploads
from registry.exchange.evidence import judged, keep, path
from registry.settings import Settings
from tests.factories import add, add_world, siren
from tests.pictures import png

EBENE = siren(99990000)
VENDOR = Actor(Role.MEMBER, "account:1", EBENE, sirens=frozenset({EBENE}))
AMPLE = Allowance(0, 30, 30)
OLD = timedelta(days=31)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(evidence_dir=tmp_path / "evidence", uploads_dir=tmp_path / "uploads")


@pytest.fixture(autouse=True)
async def world(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def given(database: Database, settings: Settings, *, old: bool = True) -> File:
    async with (
        judged(settings.evidence_folder, _chunks(png()), None) as (received, file),
        database.transaction(VENDOR) as session,
    ):
        await evidence.give(session, VENDOR, EBENE, file, AMPLE)
        await keep(settings.evidence_folder, received)
        if old:
            await session.execute(sa.update(Evidence).values(created_at=now() - OLD))
    return file


async def cite(session: AsyncSession, file: File) -> None:
    product = (await session.scalars(sa.select(Product).order_by(col(Product.id)))).first()
    assert product is not None
    step = Integration(
        product_id=product.recorded_id,
        service=[*Service][-1],
        state=IntegrationState.SANDBOX,
        effective_on=today(),
        declared_by=Source.VENDOR,
        evidence_url=f"https://elsewhere.example/evidence/{file.digest.hex()}",
    )
    await add(session, step)


async def rows(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(Evidence)) or 0


async def test_evidence_that_nothing_cites_goes_after_its_delay(
    database: Database, settings: Settings
) -> None:
    file = await given(database, settings, old=False)
    place = path(settings.evidence_folder, file.digest)
    await sweep_files(database, settings)
    assert (await rows(database), place.is_file()) == (1, True)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.update(Evidence).values(created_at=now() - OLD))
    await sweep_files(database, settings)
    assert (await rows(database), place.is_file()) == (0, False)
    async with database.read() as session:
        found = dict([check async for check in verification.differences(session)])
    assert found["journal et registre (evidence)"] is None


async def test_what_is_cited_stays(database: Database, settings: Settings) -> None:
    file = await given(database, settings)
    async with database.transaction(ADMINISTRATOR) as session:
        await cite(session, file)
    await sweep_files(database, settings)
    assert (await rows(database), path(settings.evidence_folder, file.digest).is_file()) == (
        1,
        True,
    )


async def test_what_is_being_cited_stays(database: Database, settings: Settings) -> None:
    """The citing transaction holds the file, and the ledger's turn or not."""
    file = await given(database, settings)
    url = f"https://raccord.example/evidence/{file.digest.hex()}"
    async with database.transaction(VENDOR) as citing:
        await evidence.check(citing, VENDOR, url)
        await sweep_files(database, settings)
        assert await rows(database) == 1
    async with database.transaction(ADMINISTRATOR) as citing:
        await ledger.take_turn(citing)
        sweeping = asyncio.create_task(sweep_files(database, settings))
        await asyncio.sleep(0.2)
        assert not sweeping.done()
        await cite(citing, file)
        await evidence.check(citing, VENDOR, url)
    await sweeping
    assert (await rows(database), path(settings.evidence_folder, file.digest).is_file()) == (
        1,
        True,
    )


async def test_a_load_that_cites_is_waited_for(database: Database, settings: Settings) -> None:
    """A bundle's lines cite without asking."""
    file = await given(database, settings)
    async with database.transaction(ADMINISTRATOR) as load:
        await turns.take_turn(load)
        sweeping = asyncio.create_task(sweep_files(database, settings))
        await asyncio.sleep(0.2)
        await cite(load, file)
        assert not sweeping.done()
    await sweeping
    assert await rows(database) == 1


async def test_who_cites_too_late_is_told(database: Database, settings: Settings) -> None:
    file = await given(database, settings)
    async with database.transaction(REGISTRY) as removing:
        assert await evidence.remove_uncited(removing, now()) == 1

        async def late() -> None:
            async with database.transaction(VENDOR) as session:
                url = f"https://raccord.example/evidence/{file.digest.hex()}"
                await evidence.check(session, VENDOR, url)

        citing = asyncio.create_task(late())
        await asyncio.sleep(0.2)
        assert not citing.done()
    with pytest.raises(InvalidInput, match="pas déposé"):
        await citing


@pytest.mark.parametrize(
    ("state", "days", "stays"),
    [
        (BulkState.WAITING, None, True),
        (BulkState.RUNNING, None, True),
        (BulkState.DONE, 29, True),
        (BulkState.DONE, 31, False),
        (BulkState.REFUSED, 31, False),
    ],
)
async def test_an_upload_goes_after_its_delay(
    database: Database, settings: Settings, state: BulkState, days: int | None, *, stays: bool
) -> None:
    body = b"x"
    digest = hashlib.sha256(body).digest()
    place = uploads.path(settings.uploads_folder, digest)
    place.parent.mkdir()
    place.write_bytes(body)
    async with database.transaction(ADMINISTRATOR) as session:
        await add(
            session,
            BulkDeclaration(
                noun=BulkNoun.DEPLOYMENTS,
                siren=EBENE,
                actor="account:1",
                capacity=Source.VENDOR,
                dry_run=True,
                accept_valid=False,
                digest=digest,
                size=1,
                state=state,
                ended_at=None if days is None else now() - timedelta(days=days),
            ),
        )
    await sweep_files(database, settings)
    assert place.is_file() == stays
