"""Files of declarations: what was sent, how far it is, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import BulkDeclaration, BulkNoun, BulkState, Source
from registry.domain import actors, pages, storage
from registry.domain.actor import Actor, Role
from registry.domain.errors import InvalidInput, NotAllowed
from registry.domain.filters import among, checked_siren
from registry.domain.pages import Page, Recency, Slice, by_recency
from registry.domain.policy import RULES, Action, Capacity, Subject, admit, authorise, may
from registry.domain.storage import Allowance

HEADER = "header"
"""In the report of a file whose columns can't be read: no line is at fault, and none is given back.
"""
UNFINISHED = (BulkState.WAITING, BulkState.RUNNING)
CLAIM = sa.text("SELECT pg_try_advisory_xact_lock(7032025, CAST(:id AS integer))")
QUEUE = sa.text("""
    WITH waiting AS (
        SELECT id, siren, row_number() OVER (PARTITION BY siren ORDER BY id) AS place
        FROM bulk_declaration WHERE state IN ('WAITING', 'RUNNING')
    ), turn AS (
        SELECT siren, (SELECT started_at FROM bulk_declaration AS begun
                       WHERE begun.siren = waiting.siren AND started_at IS NOT NULL
                       ORDER BY begun.id DESC LIMIT 1) AS last
        FROM waiting WHERE place = 1
    )
    SELECT id FROM waiting JOIN turn USING (siren)
    ORDER BY place, last NULLS FIRST, id LIMIT 100
""")
"""More files than there are workers to hold the first ones."""
ORDERINGS = by_recency("bulk_declaration", sa.type_coerce(col(BulkDeclaration.id), sa.BigInteger))
OPERATES = sa.text("SELECT EXISTS (SELECT FROM deployment WHERE operator = ANY(:sirens))")


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was received, and what is asked of it; ``siren`` is the organisation for which,
    where it is named.
    """

    noun: BulkNoun
    digest: bytes
    size: int
    dry_run: bool = True
    accept_valid: bool = False
    complete_on: date | None = None
    siren: str | None = None


class ClaimLost(Exception):
    """The worker's hold on the file ended, and another worker took it up."""


async def receive(
    session: AsyncSession, actor: Actor, sent: Sent, allowance: Allowance
) -> BulkDeclaration:
    """It waits for a worker. Who sends is a vendor, the operator of a link, or the ministry.

    The file is the caller's to put in its place before the transaction ends, which holds it.
    Raises ``StorageFull``.
    """
    siren, source = await sender(session, actor, sent.noun, sent.siren)
    if sent.complete_on is not None and sent.noun is not BulkNoun.DEPLOYMENTS:
        raise InvalidInput("complete_on", "Seul un fichier d’usages peut être complet.")
    await storage.take_room(session, siren, sent.digest, sent.size, allowance)
    row = BulkDeclaration(
        noun=sent.noun,
        siren=siren,
        siret=actor.siret,
        actor=actor.name,
        capacity=source,
        dry_run=sent.dry_run,
        accept_valid=sent.accept_valid,
        complete_on=sent.complete_on,
        digest=sent.digest,
        size=sent.size,
    )
    session.add(row)
    await session.flush()
    return row


async def sender(
    session: AsyncSession, actor: Actor, noun: BulkNoun, siren: str | None = None
) -> tuple[str, Source]:
    """For which organisation, and as whom, the file's lines are said: one's own first, and the
    vendor before the operator. Who acts for several others names the one.
    """
    admit(actor, Action.DECLARE_IN_BULK)
    wanted = [actor.organisation, *sorted(actor.sirens - {actor.organisation})]
    if siren is not None:
        wanted = [checked_siren("siren", siren)]
    found = {
        each: source
        for each in wanted
        if each in actor.sirens
        and (source := await _source(session, await for_organisation(session, actor, each), noun))
    }
    if not found:
        raise NotAllowed(RULES[Action.DECLARE_IN_BULK].refusal)
    first = next(iter(found))
    if len(found) > 1 and first != actor.organisation:
        raise InvalidInput(
            "siren", f"Vous agissez pour {', '.join(found)} : dire pour qui, par son SIREN."
        )
    return first, found[first]


async def for_organisation(session: AsyncSession, actor: Actor, siren: str) -> Actor:
    """The actor as it speaks of that organisation's own alone."""
    return await actors.acting_for(session, actor, Subject(siren=siren))


async def _source(session: AsyncSession, actor: Actor, noun: BulkNoun) -> Source | None:
    operates = await session.scalar(OPERATES, {"sirens": [*actor.sirens]})
    may_operate = noun is BulkNoun.ACTIVATIONS and bool(operates)
    subject = Subject(
        vendor=next(iter(actor.vendors), None), siren=actor.represented if may_operate else None
    )
    if not may(actor, Action.DECLARE_IN_BULK, subject):
        return None
    acting = authorise(actor, Action.DECLARE_IN_BULK, subject)
    return Source.OPERATOR if acting is Capacity.ORGANISATION else acting.source


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, BulkDeclaration]:
    rows = await session.scalars(
        sa.select(BulkDeclaration).where(among(col(BulkDeclaration.id), ids))
    )
    return {row.recorded_id: row for row in rows}


async def visible(session: AsyncSession, actor: Actor, row_id: int) -> BulkDeclaration | None:
    """Those of the organisations that one acts for; None for others, as if there was none.

    Raises ``NotAllowed`` to a token that may not read.
    """
    found: BulkDeclaration | None = await session.scalar(
        sa.select(BulkDeclaration).where(col(BulkDeclaration.id) == row_id, _seen(actor))
    )
    return found


async def listed(
    session: AsyncSession,
    actor: Actor,
    page: Page,
    noun: BulkNoun | None = None,
    state: BulkState | None = None,
    order: Recency = Recency.LATEST,
) -> Slice[BulkDeclaration]:
    """Those of the organisations that one acts for. Raises ``NotAllowed`` as ``visible`` does."""
    query = sa.select(BulkDeclaration).where(_seen(actor))
    if noun is not None:
        query = query.where(col(BulkDeclaration.noun) == noun)
    if state is not None:
        query = query.where(col(BulkDeclaration.state) == state)
    return await pages.fetch(session, query, ORDERINGS[order], page)


def _seen(actor: Actor) -> sa.ColumnElement[bool]:
    """``SEE_BULK``, as a condition on rows: the ministry's are for its agents, and not for the
    other services of the State that have its SIREN.
    """
    if actor.role is Role.PUBLIC:
        return sa.false()
    admit(actor, Action.SEE_BULK)
    own = among(col(BulkDeclaration.siren), actor.sirens)
    if actor.role is Role.MINISTRY:
        return own
    return sa.and_(own, col(BulkDeclaration.capacity) != Source.MINISTRY)


def reasons(row: BulkDeclaration) -> dict[int, str]:
    """For each faulty line, all that is wrong with it; none where only the header is at fault."""
    found: dict[int, list[str]] = {}
    report = row.report or {}
    for fault in [] if report.get(HEADER) else report.get("faults", []):
        place = f"{fault['column']} : " if fault["column"] else ""
        found.setdefault(fault["line"], []).append(f"{place}{fault['reason']}")
    return {line: " / ".join(told) for line, told in found.items()}


async def claim_next(session: AsyncSession) -> BulkDeclaration | None:
    """The next that no worker holds. It is held until the transaction ends, however it ends.

    Each organisation has its turn, whose last file was begun longest ago first; its own files
    follow each other, and several are worked on at once where no other organisation waits.
    """
    for row_id in [*await session.scalars(QUEUE)]:
        if await session.scalar(CLAIM, {"id": row_id}):
            row = await session.get(BulkDeclaration, row_id, populate_existing=True)
            if row is not None and row.state in UNFINISHED:
                return row
    return None


async def progress(session: AsyncSession, row_id: int, bytes_read: int) -> None:
    """How far the reading is, unless it has ended meanwhile."""
    await _update(session, row_id, (BulkState.RUNNING,), bytes_read=bytes_read)


async def start(session: AsyncSession, row_id: int) -> None:
    """Raises ``ClaimLost``; a worker that died may have started it before."""
    started = datetime.now(UTC)
    if not await _update(
        session, row_id, UNFINISHED, state=BulkState.RUNNING, started_at=started, bytes_read=0
    ):
        raise ClaimLost


async def finish(
    session: AsyncSession, row: BulkDeclaration, state: BulkState, report: dict[str, Any]
) -> None:
    """Raises ``ClaimLost`` where another worker ended it: what this one wrote must not stay."""
    if not await _update(
        session,
        row.recorded_id,
        (BulkState.RUNNING,),
        state=state,
        report=report,
        bytes_read=row.size,
        ended_at=datetime.now(UTC),
    ):
        raise ClaimLost


async def _update(
    session: AsyncSession, row_id: int, expected: Sequence[BulkState], **values: Any
) -> bool:
    """Whether it was in an expected state: a late heartbeat put RUNNING over DONE."""
    updated = await session.scalar(
        sa.update(BulkDeclaration)
        .where(col(BulkDeclaration.id) == row_id, col(BulkDeclaration.state).in_(expected))
        .values(**values)
        .returning(col(BulkDeclaration.id))
    )
    return updated is not None


def check_still_may(actor: Actor | None, row: BulkDeclaration) -> Actor:
    """Rights may have ended between the sending and the work. Raises ``NotAllowed``."""
    ended = NotAllowed("Les droits de celui qui a envoyé ce fichier ont pris fin.")
    if actor is None or row.siren not in actor.sirens:
        raise ended
    if row.capacity is Source.MINISTRY and actor.role is not Role.MINISTRY:
        raise ended
    return actor
