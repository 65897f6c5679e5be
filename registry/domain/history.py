"""What the ledger tells of a record: who, when, from what, to what, why. It names no person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import LedgerEntry, Source
from registry.domain import pages, record_values
from registry.domain.actor import Actor
from registry.domain.filters import checked_siren
from registry.domain.pages import Page, Recency, Slice, by_recency
from registry.domain.policy import Action, authorise
from registry.domain.record_values import restored

SUBJECTS: Mapping[str, str] = {
    "vendor": """
        SELECT 'vendor' AS noun, id AS subject_id FROM vendor
        WHERE id = :id OR merged_into_id = :id
        UNION ALL
        SELECT 'commitment', id FROM commitment WHERE vendor_id = :id AND product_id IS NULL
    """,
    "product": """
        SELECT 'product' AS noun, CAST(:id AS bigint) AS subject_id
        UNION ALL SELECT 'product_former_key', id FROM product_former_key WHERE product_id = :id
        UNION ALL SELECT 'integration', id FROM integration WHERE product_id = :id
        UNION ALL SELECT 'commitment', id FROM commitment WHERE product_id = :id
    """,
    "collectivite": """
        SELECT 'collectivite' AS noun, id AS subject_id FROM collectivite
        WHERE id = :id OR successor_id = :id
        UNION ALL SELECT 'deployment', id FROM deployment WHERE collectivite_id = :id
        UNION ALL SELECT 'activation', id FROM activation WHERE collectivite_id = :id
    """,
    "deployment": """
        SELECT 'deployment' AS noun, CAST(:id AS bigint) AS subject_id
        UNION ALL
        SELECT 'activation', activation.id
        FROM activation JOIN deployment USING (collectivite_id, product_id, demarche)
        WHERE deployment.id = :id
    """,
    "dispute": """
        SELECT 'dispute' AS noun, CAST(:id AS bigint) AS subject_id
        UNION ALL
        SELECT 'dispute_transition', id FROM dispute_transition WHERE dispute_id = :id
    """,
    "grant_claim": """
        SELECT 'grant_claim' AS noun, CAST(:id AS bigint) AS subject_id
        UNION ALL
        SELECT 'grant_claim_transition', id FROM grant_claim_transition WHERE grant_claim_id = :id
    """,
    "software_request": "SELECT 'software_request' AS noun, CAST(:id AS bigint) AS subject_id",
    "campaign": """
        SELECT 'campaign' AS noun, CAST(:id AS bigint) AS subject_id
        UNION ALL SELECT 'target', id FROM target WHERE campaign_id = :id
    """,
}
"""For each noun, the records whose entries are its history."""

STEPS: Mapping[str, tuple[str, ...]] = {
    "integration": ("product_id", "service"),
    "commitment": ("vendor_id", "product_id"),
    "activation": ("collectivite_id", "product_id", "demarche", "service"),
    "dispute_transition": ("dispute_id",),
    "grant_claim_transition": ("grant_claim_id",),
}
"""The tables of steps, with what a history is about: a step is told from the one before it."""

TOLD: Mapping[str, tuple[str, ...]] = {
    "vendor": ("siren", "name", "website", "contact", "statement", "claimed_on"),
    "product": ("slug", "name", "delivery_model", "citizen_login", "demarches", "retired_on"),
    "product_former_key": ("vendor_siren", "slug"),
    "integration": ("service", "feeds", "target_date", "min_version", "evidence_level", "review"),
    "commitment": ("charter_version", "scope", "exclusions", "valid_until"),
    "collectivite": ("name", "population", "no_online_demarche_since", "closed_on"),
    "deployment": ("demarche", "since", "until", "operator", "declared_by", "confirmed_by"),
    "activation": ("demarche", "service"),
    "dispute": ("kind", "service", "surcharge_kind", "amount_cents", "statement"),
    "dispute_transition": ("reply_due_on",),
    "grant_claim": ("amount_cents",),
    "grant_claim_transition": (),
    "software_request": ("name", "vendor_name", "vendor_siren", "demarches", "refusal"),
    "campaign": ("deadline", "accepted_services", "total_target", "grant_amount_cents"),
    "target": ("stratum", "share"),
}
"""The columns whose changes are told; the others are keys, derived, or name a person."""

ABOUT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "product_former_key": (("product", "product_id"),),
    "integration": (("product", "product_id"),),
    "commitment": (("product", "product_id"), ("vendor", "vendor_id")),
    "activation": (("collectivite", "collectivite_id"),),
    "dispute_transition": (("dispute", "dispute_id"),),
    "grant_claim_transition": (("grant_claim", "grant_claim_id"),),
    "target": (("campaign", "campaign_id"),),
}
"""Whose history the others are part of: by the first of these columns that says it."""

BEFORE = sa.text("""
    SELECT asked.seq, before.payload
    FROM unnest(CAST(:seqs AS bigint[]), CAST(:nouns AS text[]), CAST(:ids AS bigint[]))
         AS asked (seq, noun, id)
    CROSS JOIN LATERAL (
        SELECT payload FROM ledger
        WHERE ledger.noun = asked.noun AND ledger.subject_id = asked.id AND ledger.seq < asked.seq
        ORDER BY ledger.seq DESC LIMIT 1
    ) AS before
""")
REVIEWS = ("verify", "send_back")
"""By the ministry, of a step that stays its author's."""
NAMES = sa.text("""
    SELECT siren, name FROM collectivite WHERE siren = ANY(:sirens) AND closed_on IS NULL
    UNION ALL SELECT siren, name FROM vendor WHERE siren = ANY(:sirens)
    UNION ALL SELECT left(siret, 9), label FROM allowed_siret WHERE left(siret, 9) = ANY(:sirens)
""")
WRITTEN_BY = "position(CAST(:author AS bytea) IN substr(ledger.payload, 1, 250)) > 0"
"""Who wrote an entry stands at its beginning: reading it all as JSON would cost ten times that."""
_SEQ = sa.type_coerce(col(LedgerEntry.seq), sa.BigInteger)
ORDERINGS = by_recency("ledger", _SEQ)


@dataclass(frozen=True, slots=True)
class Change:
    """One column, as text; None where there was or is nothing."""

    field: str
    before: str | None
    after: str | None

    @property
    def said(self) -> bool:
        """An empty list where there was nothing says nothing."""
        return bool(self.before or self.after)


@dataclass(frozen=True, slots=True)
class Entry:
    """``was`` and ``became`` are states, for a step; ``organisation`` is a SIREN."""

    seq: int
    recorded_at: datetime
    noun: str
    action: str
    declared_by: Source | None
    organisation: str | None
    organisation_name: str | None
    effective_on: date | None
    was: str | None
    became: str | None
    reason: str | None
    evidence_url: str | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """``about``: the noun and the id of the record whose history the entry is part of, if any."""

    entry: Entry
    about: tuple[str, int] | None


async def page(
    session: AsyncSession,
    noun: str,
    subject_id: int,
    asked: Page,
    order: Recency = Recency.LATEST,
) -> Slice[Entry]:
    found = await pages.fetch(session, _entries(noun, subject_id), ORDERINGS[order], asked)
    return found.carrying(await _all_told(session, found.rows))


async def latest(
    session: AsyncSession,
    actor: Actor,
    asked: Page,
    noun: str | None = None,
    organisation: str | None = None,
    order: Recency = Recency.LATEST,
) -> Slice[Line]:
    """What was written of all records, for the ministry: of one noun, by one organisation."""
    authorise(actor, Action.SEE_QUEUE)
    query = sa.select(LedgerEntry)
    if noun is not None:
        query = query.where(col(LedgerEntry.noun) == noun)
    if organisation is not None:
        siren = checked_siren("organisation", organisation)
        author = f'"organisation":"{siren}"'.encode()
        query = query.where(sa.text(WRITTEN_BY).bindparams(author=author))
    found = await pages.fetch(session, query, ORDERINGS[order], asked)
    entries = await _all_told(session, found.rows)
    pairs = zip(entries, found.rows, strict=True)
    return found.carrying(Line(entry, _about(row)) for entry, row in pairs)


async def count(session: AsyncSession, noun: str, subject_id: int) -> int:
    query = _entries(noun, subject_id).with_only_columns(sa.func.count())
    return await session.scalar(query) or 0


def _entries(noun: str, subject_id: int) -> sa.Select[LedgerEntry]:
    records = (
        sa.text(SUBJECTS[noun])
        .bindparams(id=subject_id)
        .columns(sa.column("noun", sa.Text), sa.column("subject_id", sa.BigInteger))
        .subquery()
    )
    return sa.select(LedgerEntry).join(
        records,
        sa.and_(
            col(LedgerEntry.noun) == records.c.noun,
            col(LedgerEntry.subject_id) == records.c.subject_id,
        ),
    )


async def _all_told(session: AsyncSession, rows: Sequence[LedgerEntry]) -> tuple[Entry, ...]:
    before = await _before(session, rows)
    states = await _states(session, rows)
    names = await _names(session, rows)
    values = await record_values.by_digest(session, {(row.noun, row.subject_id) for row in rows})
    return tuple(_told(row, before.get(row.seq), states, names, values) for row in rows)


def _about(row: LedgerEntry) -> tuple[str, int] | None:
    if row.noun in SUBJECTS:
        return row.noun, row.subject_id
    record = orjson.loads(row.payload)["record"]
    for noun, column in ABOUT.get(row.noun, ()):
        if record.get(column) is not None:
            return noun, record[column]
    return None


async def _before(session: AsyncSession, rows: Sequence[LedgerEntry]) -> dict[int, dict[str, Any]]:
    """What the entry before said of the same record."""
    found = await session.execute(
        BEFORE,
        {
            "seqs": [row.seq for row in rows],
            "nouns": [row.noun for row in rows],
            "ids": [row.subject_id for row in rows],
        },
    )
    return {seq: orjson.loads(payload)["record"] for seq, payload in found}


async def _states(
    session: AsyncSession, rows: Sequence[LedgerEntry]
) -> dict[tuple[str, int], str | None]:
    """For each step, the state of the one before it in its history."""
    found: dict[tuple[str, int], str | None] = {}
    for noun in STEPS.keys() & {row.noun for row in rows}:
        same = " AND ".join(
            f"earlier.{column} IS NOT DISTINCT FROM step.{column}" for column in STEPS[noun]
        )
        steps = await session.execute(
            sa.text(
                f"SELECT step.id, (SELECT state FROM {noun} AS earlier WHERE {same}"
                " AND earlier.id < step.id ORDER BY earlier.id DESC LIMIT 1)"
                f" FROM {noun} AS step WHERE step.id = ANY(:ids)"
            ),
            {"ids": [row.subject_id for row in rows if row.noun == noun]},
        )
        found |= {(noun, identifier): state for identifier, state in steps}
    return found


async def _names(session: AsyncSession, rows: Sequence[LedgerEntry]) -> dict[str, str]:
    sirens = {orjson.loads(row.payload)["organisation"] for row in rows} - {None}
    return dict((await session.execute(NAMES, {"sirens": [*sirens]})).all())


def _told(
    row: LedgerEntry,
    before: dict[str, Any] | None,
    states: Mapping[tuple[str, int], str | None],
    names: Mapping[str, str],
    values: Mapping[str, str],
) -> Entry:
    entry = orjson.loads(row.payload)
    record = entry["record"]
    # The ministry's own step after another's is its author's, like any first entry of a step.
    reviewed = before is not None and entry["action"] in REVIEWS
    own = row.noun in STEPS and not reviewed
    source = record.get("declared_by") if own else None
    day = record.get("effective_on")
    organisation = None if _of_a_dispute(row.noun, source) else entry["organisation"]
    return Entry(
        seq=row.seq,
        recorded_at=row.recorded_at,
        noun=row.noun,
        action=entry["action"],
        declared_by=None if source is None else Source(source),
        organisation=organisation,
        organisation_name=names.get(organisation or ""),
        effective_on=None if day is None else date.fromisoformat(day),
        was=None if reviewed else states.get((row.noun, row.subject_id)),
        became=record["state"] if row.noun in STEPS else None,
        reason=record.get("review") if reviewed else _written(before or {}, record, "reason"),
        evidence_url=_written(before or {}, record, "evidence_url"),
        changes=_changes(row.noun, before or {}, record, values),
    )


def _written(before: dict[str, Any], record: dict[str, Any], column: str) -> str | None:
    """What the record held already, another wrote."""
    value: str | None = record.get(column)
    return None if value == before.get(column) else value


def _of_a_dispute(noun: str, source: str | None) -> bool:
    """A commitment moves by a collectivité's word in a dispute alone, and who disputes is not
    public.
    """
    return noun == "commitment" and source == Source.COLLECTIVITE


def _changes(
    noun: str, before: dict[str, Any], after: dict[str, Any], values: Mapping[str, str]
) -> tuple[Change, ...]:
    return tuple(
        Change(
            name,
            _text(restored(before.get(name), values)),
            _text(restored(after.get(name), values)),
        )
        for name in TOLD.get(noun, ())
        if before.get(name) != after.get(name)
    )


def _text(value: object) -> str | None:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
