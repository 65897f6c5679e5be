"""What the service does besides answering, in a thread and on connections of its own.

Several processes may do it at once: each task takes what it works on by a lock of the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread

from registry.database import Database, DatabaseError
from registry.domain import evidence, messages, retention, storage
from registry.domain.actor import REGISTRY
from registry.domain.clock import now, today
from registry.domain.expiry import expire_commitments
from registry.domain.rollout import upkeep
from registry.exchange import files, mail
from registry.exchange.bulk.running import run_next
from registry.liveness import BROKEN
from registry.opening import opened
from registry.settings import Settings

POOL_SIZE = 6
"""A file that is being read takes three connections, a message that is being sent one."""
START = 1.0
"""Seconds left to the service for its first answers."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds before a task that failed is tried again; each failure in a row doubles them."""
PATIENCE = 5.0
"""Seconds for the work under way to end its transactions, once the service stops."""

MINUTE, HOUR = 60.0, 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """``run`` tells whether it did something, and may have more to do at once."""

    name: str
    every: float
    run: Callable[[Database, Settings], Awaitable[bool]]


async def expire(database: Database, _: Settings) -> bool:
    async with database.transaction(REGISTRY) as session:
        await expire_commitments(session, today())
    return False


async def derive(database: Database, _: Settings) -> bool:
    """A day that has come, or what was written past the service."""
    async with database.transaction(REGISTRY) as session:
        await upkeep.catch_up(session)
    return False


async def remind(database: Database, settings: Settings) -> bool:
    async with database.transaction(REGISTRY) as session:
        await messages.remind(session, today(), settings.stale_after_months)
    return False


async def read_files(database: Database, settings: Settings) -> bool:
    return await run_next(database, settings.uploads_folder)


async def sweep_files(database: Database, settings: Settings) -> bool:
    """What nobody needs is deleted: evidence that nothing cites, then the files without a row."""
    allowed = files.allowance(settings)
    async with database.transaction(REGISTRY) as session:
        removed = await evidence.remove_uncited(session, allowed.evidence_since)
    uploads = partial(storage.needed_uploads, since=allowed.uploads_since)
    await files.sweep(database, settings.uploads_folder, uploads)
    await files.sweep(database, settings.evidence_folder, storage.needed_evidence)
    return removed == evidence.MOST


async def forget(database: Database, settings: Settings) -> bool:
    """What tells of persons, once its period is over."""
    more = False
    for period in retention.PERIODS:
        if period.remove is None:
            continue
        before = now() - timedelta(days=getattr(settings, period.setting))
        async with database.transaction(REGISTRY) as session:
            more |= await retention.apply(session, period.remove, before) == retention.MOST
    return more


async def send_messages(database: Database, settings: Settings) -> bool:
    """One; it is held until it is known to be sent, and a crash in between sends it twice."""
    if not settings.sends:
        return False
    async with database.transaction(REGISTRY) as session:
        message = await messages.next_due(session, datetime.now(UTC))
        if message is None:
            return False
        try:
            await mail.send(message, settings)
        except mail.NotSent as refused:
            messages.mark_failed(
                message, datetime.now(UTC), str(refused), for_good=refused.for_good
            )
            given_up = message.next_try_at is None
            fields = {"id": message.id, "tries": message.tries, "givenUp": given_up}
            logger.warning("message not sent", extra={"fields": fields})
        else:
            messages.mark_sent(message, datetime.now(UTC))
    return True


TASKS = (
    Task("files", 2.0, read_files),
    Task("messages", 10.0, send_messages),
    Task("derivation", MINUTE, derive),
    Task("expiry", HOUR, expire),
    Task("reminders", HOUR, remind),
    Task("storage", HOUR, sweep_files),
    Task("retention", HOUR, forget),
)


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """The tasks run as long as the block lasts; what is under way at its end is undone."""
    begun: Future[Callable[[], object]] = Future()

    async def work() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.create_task(_work(settings))
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        await task

    def run() -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(work())

    thread = Thread(target=run, name="background", daemon=True)
    thread.start()
    stop = begun.result()
    try:
        yield
    finally:
        with suppress(RuntimeError):  # A bug ended it before; its trace is on stderr.
            stop()
        thread.join(PATIENCE)


async def run_once(database: Database, settings: Settings) -> None:
    """All that is due now, one task after the other."""
    for task in TASKS:
        while await task.run(database, settings):
            pass


async def _work(settings: Settings) -> None:
    """A database that is away, or still at an older revision, is waited for."""
    if not settings.sends:
        logger.info("no smtp_host or no public_url: messages wait")
    await asyncio.sleep(START)
    own = settings.model_copy(update={"pool_size": POOL_SIZE})
    pause = FIRST_PAUSE
    while True:
        try:
            async with opened(own) as database, asyncio.TaskGroup() as group:
                for task in TASKS:
                    group.create_task(repeat(task, database, settings))
        except (DatabaseError, OSError, *BROKEN) as away:
            logger.warning("background work waits", extra={"fields": {"reason": str(away)}})
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def repeat(task: Task, database: Database, settings: Settings) -> None:
    """For ever. A failure is told in the log, and is nobody else's."""
    next_pause = FIRST_PAUSE
    while True:
        (outcome,) = await asyncio.gather(task.run(database, settings), return_exceptions=True)
        if isinstance(outcome, BaseException):
            pause, next_pause = next_pause, min(2 * next_pause, LONGEST_PAUSE)
            _tell(task, outcome)
        else:
            pause, next_pause = (0.0 if outcome else task.every), FIRST_PAUSE
        await asyncio.sleep(pause)


def _tell(task: Task, failure: BaseException) -> None:
    fields = {"task": task.name}
    if isinstance(failure, DatabaseError):
        logger.warning("task waits for the database", extra={"fields": fields})
    else:
        logger.error("task failed", exc_info=failure, extra={"fields": fields})
