"""How long what tells of persons stays: one table, which the background task applies."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import ledger, privacy, record_values

MOST = 500
"""Rows that go in one transaction, during which nobody else writes what the ledger records."""
ALONE = sa.text("SELECT pg_try_advisory_xact_lock(7032030)")

Remove = Callable[[AsyncSession, datetime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Period:
    """``what`` goes so many days after it ``begins``, by the ``setting`` of that name.

    ``remove`` takes away what is older than a moment, ``MOST`` at a time, and tells how many
    there were; none where files go too: ``background.sweep_files`` does.
    """

    what: str
    begins: str
    setting: str
    why: str
    remove: Remove | None = None


async def apply(session: AsyncSession, remove: Remove, before: datetime) -> int:
    """Remove what is older; how much there was. Of several processes one does it."""
    return await remove(session, before) if await session.scalar(ALONE) else 0


def _rows(*tables: tuple[str, str]) -> Remove:
    """Rows that no ledger records, each table with what is over there."""
    statements = [
        sa.text(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {over}"
            " ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING id"
        )
        for table, over in tables
    ]

    async def remove(session: AsyncSession, before: datetime) -> int:
        values = {"before": before, "most": MOST}
        return max([len((await session.scalars(each, values)).all()) for each in statements])

    return remove


def _records(noun: str, over: str) -> Remove:
    """Records of the ledger: their values are erased, and those about a person alone removed."""
    found = f"SELECT id FROM {noun} AS kept WHERE {over} ORDER BY id LIMIT :most"
    held = sa.text(f"{found} FOR UPDATE SKIP LOCKED")

    async def remove(session: AsyncSession, before: datetime) -> int:
        values = {"before": before, "most": MOST}
        if await session.scalar(sa.text(found), values) is None:
            return 0
        await ledger.take_turn(session)
        ids = (await session.scalars(held, values)).all()
        await privacy.forget(session, noun, ids)
        return len(ids)

    return remove


LAST_USED = """
    created_at < :before AND coalesce((
        SELECT recorded_at FROM ledger
        WHERE noun = 'account' AND subject_id = kept.id
          AND CAST(convert_from(payload, 'UTF8') AS json) ->> 'action' IN ('sign-in', 'sign-out')
        ORDER BY seq DESC LIMIT 1), created_at) < :before
"""
PAST_SIGNATURE = """
    coalesce(signatory, signatory_capacity) IS NOT NULL
    AND coalesce(effective_until, effective_on) < :before
    AND (effective_until IS NOT NULL OR state NOT IN ('SIGNED', 'BREACH_ALLEGED'))
"""
FORMER = " UNION ALL ".join(
    f"SELECT * FROM record_value AS known WHERE noun = '{noun}' AND field = '{field}'"
    f" AND NOT EXISTS (SELECT FROM {noun} WHERE id = subject_id AND {field} = value)"
    for noun, field in record_values.COLUMNS
)
REPLACED = sa.text(f"""
    SELECT known.noun, known.subject_id, known.field, known.value
    FROM ({FORMER}) AS known
    CROSS JOIN LATERAL (
        SELECT max(seq) AS seq FROM ledger
        WHERE ledger.noun = known.noun AND ledger.subject_id = known.subject_id
          AND recorded_at < :before) AS last
    WHERE last.seq IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger
        CROSS JOIN LATERAL (SELECT CAST(convert_from(payload, 'UTF8') AS json) AS entry) AS read
        WHERE ledger.noun = known.noun AND ledger.subject_id = known.subject_id
          AND ledger.seq >= last.seq AND entry ->> 'action' <> 'delete'
          AND entry -> 'record' -> known.field ->> 'sha256'
              = record_digest(known.salt, known.value))
    ORDER BY known.id LIMIT :most
""")
"""The values that their records had no more at that moment, nor took up again since."""


async def _remove_replaced(session: AsyncSession, before: datetime) -> int:
    values = {"before": before, "most": MOST}
    if not (await session.execute(REPLACED, values)).first():
        return 0
    await ledger.take_turn(session)
    rows = (await session.execute(REPLACED, values)).all()
    await record_values.erase(session, [record_values.Value(*row) for row in rows])
    return len(rows)


PERIODS = (
    Period(
        "compte dont personne ne se sert",
        "la dernière connexion",
        "accounts_days",
        "le temps de revenir ; qui revient ensuite retrouve les mêmes droits, qui sont à son"
        " organisation et jamais à un compte",
        _records("account", LAST_USED),
    ),
    Period(
        "session de navigateur, tentative de connexion",
        "son début",
        "sessions_days",
        "une session dure 12 heures au plus, une tentative 10 minutes ; le journal garde la date"
        " des connexions, sous le numéro du compte",
        _rows(
            ("web_session", "created_at < :before"),
            ("sign_in_attempt", "created_at < :before"),
        ),
    ),
    Period(
        "délégation qui a pris fin",
        "sa fin",
        "delegations_days",
        "l’organisation peut relire à qui elle avait délégué",
        _records("delegation", "ended_at < :before"),
    ),
    Period(
        "signataire d’un engagement, et sa qualité",
        "la fin de cet engagement",
        "signatories_days",
        "prouver qui a engagé l’éditeur, tant qu’un litige peut naître (code civil, art. 2224)",
        _records("commitment", PAST_SIGNATURE),
    ),
    Period(
        "valeur qu’une autre a remplacée : ancien contact, ancienne adresse",
        "son remplacement",
        "replaced_values_days",
        "l’histoire montre ce qui vient de changer, puis « effacé »",
        _remove_replaced,
    ),
    Period(
        "message : adresse, objet et texte",
        "l’envoi, ou l’écriture de ce qui n’est pas parti",
        "messages_days",
        "savoir qui a été prévenu, de quoi et quand, ou pourquoi rien n’est arrivé",
        _rows(("message", "coalesce(sent_at, created_at) < :before")),
    ),
    Period(
        "clé d’idempotence, compte des écritures d’un acteur",
        "l’écriture",
        "idempotency_days",
        "une demande répétée n’écrit qu’une fois",
        _rows(
            ("idempotency_key", "created_at < :before"),
            ("write_quota", "window_start < :before"),
        ),
    ),
    Period(
        "fichier de déclarations envoyé",
        "son traitement",
        "uploads_days",
        "relire ce qui a été refusé, et le reprendre",
    ),
    Period(
        "pièce que rien ne cite",
        "son dépôt",
        "evidence_days",
        "le temps de la citer ; une pièce citée reste, comme ce qu’elle prouve",
    ),
)
