"""The tasks of the service: each on its own, for as long as the service runs."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import background
from registry.background import Task, repeat, run_once, working
from registry.database import Database, DatabaseAway, connected
from registry.domain.actor import REGISTRY
from registry.embedded import Addresses
from registry.settings import Settings
from tests.background.conftest import Mailbox, posted
from tests.servers import free_port


async def until(done: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.fixture
def settings(addresses: Addresses, database: Database) -> Settings:
    return Settings(database_url=addresses.service, owner_database_url=addresses.owner)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "START", 0.0)
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(background, "LONGEST_PAUSE", 0.08)


async def test_a_task_that_fails_is_told_and_tried_again_and_stops_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    runs = {"broken": 0, "away": 0, "sound": 0}

    def task(name: str, error: Exception | None) -> Task:
        async def run(_: Database, __: Settings) -> bool:
            runs[name] += 1
            if error is not None and runs[name] <= 4:
                raise error
            return False

        return Task(name, 0.01, run)

    tasks = [
        task("broken", ZeroDivisionError("secret de personne")),
        task("away", DatabaseAway("absente")),
        task("sound", None),
    ]
    running = [asyncio.create_task(repeat(each, database, Settings())) for each in tasks]
    await until(lambda: min(runs.values()) > 6)
    for each in running:
        each.cancel()
    outcomes = await asyncio.gather(*running, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    said = [(record.levelname, vars(record)["fields"]["task"]) for record in caplog.records]
    assert said.count(("ERROR", "broken")) == 4
    assert said.count(("WARNING", "away")) == 4
    assert len(said) == 8
    assert all(
        record.exc_info is not None for record in caplog.records if record.levelno >= logging.ERROR
    )


async def test_failures_in_a_row_are_further_and_further_apart(database: Database) -> None:
    moments: list[float] = []

    async def fail(_: Database, __: Settings) -> bool:
        moments.append(time.monotonic())
        raise ZeroDivisionError

    running = asyncio.create_task(repeat(Task("broken", 0, fail), database, Settings()))
    await until(lambda: len(moments) == 6)
    running.cancel()
    pauses = [after - before for before, after in pairwise(moments)]
    for pause, least in zip(pauses, (0.02, 0.04, 0.08, 0.08, 0.08), strict=True):
        assert least <= pause < least + 0.5


async def test_more_to_do_is_done_at_once(database: Database) -> None:
    left = [True] * 50

    async def run(_: Database, __: Settings) -> bool:
        return bool(left) and left.pop()

    running = asyncio.create_task(repeat(Task("busy", 3600, run), database, Settings()))
    await until(lambda: not left, 1)
    running.cancel()


async def test_each_has_its_own_loop_and_its_end_undoes_what_is_under_way(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[threading.Thread] = []
    ended: list[str] = []

    async def long(own: Database, _: Settings) -> bool:
        try:
            async with own.transaction(REGISTRY) as session:
                await session.execute(
                    sa.text("INSERT INTO vendor (siren, name, search) VALUES ('999900004','V','v')")
                )
                seen.append(threading.current_thread())
                await session.execute(sa.text("SELECT pg_sleep(60)"))
        finally:
            ended.append("long")
        return False

    monkeypatch.setattr(background, "TASKS", (Task("long", 1, long),))
    with working(settings):
        await until(lambda: bool(seen))
        start = time.monotonic()
    assert time.monotonic() - start < 3
    assert seen[0] is not threading.current_thread()
    assert not seen[0].is_alive()
    assert ended == ["long"]
    async with database.read() as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM vendor")) == 0
        left = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'"
        mine = " AND pid <> pg_backend_pid() AND state = 'active'"
        for _ in range(50):
            if await session.scalar(sa.text(left + mine)) == 0:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the statement outlives its task")


async def test_a_database_that_is_away_is_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[bool] = []
    tries: list[bool] = []
    opened = background.opened

    def sometimes(own: Settings) -> object:
        tries.append(True)
        away = len(tries) < 3
        port = free_port()
        url = f"postgresql://nobody@127.0.0.1:{port}/none"
        there = own.model_copy(update={"database_url": url, "owner_database_url": url})
        return opened(there if away else own)

    async def run(_: Database, __: Settings) -> bool:
        ran.append(True)
        return False

    monkeypatch.setattr(background, "opened", sometimes)
    monkeypatch.setattr(background, "TASKS", (Task("any", 1, run),))
    with working(settings):
        await until(lambda: bool(ran))
    assert len(tries) == 3
    waits = [record for record in caplog.records if record.message == "background work waits"]
    assert len(waits) == 2


async def test_it_says_once_that_messages_wait(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "TASKS", ())
    said = "no smtp_host or no public_url: messages wait"
    able = {"smtp_host": "127.0.0.1", "public_url": "https://raccord.example"}
    with caplog.at_level(logging.INFO, "registry.background"):
        with working(settings):
            await until(lambda: said in caplog.messages)
        with working(settings.model_copy(update=able)):
            await asyncio.sleep(0.05)
    assert caplog.messages.count(said) == 1


async def test_all_that_is_due_by_hand(addresses: Addresses, settings: Settings) -> None:
    async with connected(addresses.service) as own:
        await run_once(own, settings)


async def test_the_service_works_and_stops_at_once(
    tmp_path: Path, addresses: Addresses, database: Database, mailbox: Mailbox, smtp: Settings
) -> None:
    await posted(database, "contact@editeur.example")
    environment = os.environ | {
        "RACCORD_DATABASE_URL": addresses.service,
        "RACCORD_OWNER_DATABASE_URL": addresses.owner,
        "RACCORD_UPLOADS_DIR": str(tmp_path),
        "RACCORD_PUBLIC_URL": str(smtp.public_url),
        "RACCORD_SMTP_HOST": str(smtp.smtp_host),
        "RACCORD_SMTP_PORT": str(smtp.smtp_port),
        "RACCORD_SMTP_SECURITY": smtp.smtp_security,
    }
    command = [sys.executable, "-m", "registry", "serve", "--port", str(free_port())]
    service = await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        await until(lambda: len(mailbox.envelopes) == 1, 20)
    finally:
        service.send_signal(signal.SIGTERM)
        start = time.monotonic()
        _, said = await asyncio.wait_for(service.communicate(), 20)
    assert time.monotonic() - start < 3
    assert service.returncode == 0, said
    assert b'"level":"ERROR"' not in said
    assert b"Traceback" not in said
    assert b"@" not in said
