"""What waits for whoever asks: a vendor, a collectivité or the ministry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Service
from registry.domain import queue, words
from registry.domain.actor import Actor
from registry.domain.contacts import HAS_MAILBOX
from registry.domain.freshness import months_before
from registry.domain.messages import UNDELIVERED
from registry.domain.policy import Action, admit, may
from registry.domain.queue import QueueKind
from registry.domain.rollout import next_step
from registry.domain.rollout.next_step import NextStepCode

BEFORE_EXPIRY = timedelta(days=60)
NEWS = timedelta(days=30)
MOST = 200
SETTLED = (NextStepCode.ALL_CONNECTED, NextStepCode.NOTHING_ASKED)


class TaskKind(StrEnum):
    """The most pressing first."""

    DISPUTE_TO_ANSWER = "DISPUTE_TO_ANSWER"
    INTEGRATION_SENT_BACK = "INTEGRATION_SENT_BACK"
    TARGET_DATE_PASSED = "TARGET_DATE_PASSED"
    COMMITMENT_EXPIRING = "COMMITMENT_EXPIRING"
    COMMITMENT_INVITED = "COMMITMENT_INVITED"
    LINKS_TO_CONFIRM = "LINKS_TO_CONFIRM"
    DECLARATION_STALE = "DECLARATION_STALE"
    GRANT_TO_COMPLETE = "GRANT_TO_COMPLETE"
    DISPUTE_DECIDED = "DISPUTE_DECIDED"
    MESSAGES_UNDELIVERED = "MESSAGES_UNDELIVERED"
    MAILBOX_MISSING = "MAILBOX_MISSING"
    NEXT_STEP = "NEXT_STEP"
    QUEUE = "QUEUE"


@dataclass(frozen=True, slots=True)
class Task:
    """``queue_kind`` is what the ministry's queue counts, for it alone."""

    kind: TaskKind
    sentence: str
    since: date | None = None
    due_on: date | None = None
    count: int = 1
    noun: str | None = None
    subject_id: int | None = None
    queue_kind: QueueKind | None = None


OF_VENDORS = f"""
    SELECT 'DISPUTE_TO_ANSWER' AS kind, step.effective_on AS since, reply_due_on AS due_on,
           1 AS number, 'Dispute' AS noun, dispute.id, product.name AS about, '' AS detail
    FROM dispute_transition AS step JOIN dispute ON dispute.id = dispute_id
    JOIN product ON product.id = dispute.product_id
    WHERE effective_until IS NULL AND state = 'AWAITING_REPLY' AND vendor_id = ANY(:vendors)
    UNION ALL
    SELECT what, CASE what WHEN 'TARGET_DATE_PASSED' THEN target_date
                           ELSE coalesce(reviewed_on, confirmed_on, effective_on) END, NULL, 1,
           'Integration', integration.id, product.name, service
    FROM integration JOIN product ON product.id = product_id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN (reviewed_on IS NOT NULL AND evidence_level = 'SELF_DECLARED')
             OR (state = 'SANDBOX' AND declared_by = 'MINISTRY' AND reason IS NOT NULL)
        THEN 'INTEGRATION_SENT_BACK'
        WHEN declared_by NOT IN ('VENDOR', 'DATAPASS') THEN NULL
        WHEN state = 'PLANNED' AND target_date < :day THEN 'TARGET_DATE_PASSED'
        WHEN coalesce(confirmed_on, effective_on) < :stale THEN 'DECLARATION_STALE'
    END AS what) AS found
    WHERE effective_until IS NULL AND vendor_id = ANY(:vendors) AND retired_on IS NULL
      AND state NOT IN ('NONE', 'WITHDRAWN') AND what IS NOT NULL
    UNION ALL
    SELECT CASE state WHEN 'INVITED' THEN 'COMMITMENT_INVITED' ELSE 'COMMITMENT_EXPIRING' END,
           effective_on, valid_until, 1, 'Commitment', commitment.id,
           coalesce(product.name, 'tous vos logiciels'), ''
    FROM commitment LEFT JOIN product ON product.id = product_id
    WHERE effective_until IS NULL AND commitment.vendor_id = ANY(:vendors)
      AND (state = 'INVITED'
           OR (state IN ('SIGNED', 'BREACH_ALLEGED') AND valid_until BETWEEN :day AND :soon))
    UNION ALL
    SELECT 'LINKS_TO_CONFIRM', min(since), NULL, count(*), 'Vendor', vendor_id, '', ''
    FROM deployment JOIN product ON product.id = product_id
    WHERE vendor_id = ANY(:vendors) AND declared_by = 'COLLECTIVITE' AND confirmed_by IS NULL
      AND since <= :day AND (until IS NULL OR until > :day)
    GROUP BY vendor_id
    UNION ALL
    SELECT 'MAILBOX_MISSING', NULL, NULL, 1, 'Vendor', id, '', ''
    FROM vendor WHERE id = ANY(:vendors) AND merged_into_id IS NULL AND NOT {HAS_MAILBOX}
    UNION ALL
    SELECT 'MESSAGES_UNDELIVERED', failed.since, NULL, failed.number, 'Vendor', vendor.id, '', ''
    FROM ({UNDELIVERED}) AS failed JOIN vendor ON vendor.siren = failed.organisation
    WHERE vendor.id = ANY(:vendors)
"""
OF_COLLECTIVITES = f"""
    SELECT 'LINKS_TO_CONFIRM', min(since), NULL, count(*), 'Collectivite', collectivite_id, '', ''
    FROM deployment
    WHERE collectivite_id = ANY(:towns) AND declared_by = 'VENDOR' AND confirmed_by IS NULL
      AND since <= :day AND (until IS NULL OR until > :day)
    GROUP BY collectivite_id
    UNION ALL
    SELECT 'GRANT_TO_COMPLETE', effective_on, NULL, 1, 'GrantClaim', claim.id, '', ''
    FROM grant_claim_transition JOIN grant_claim AS claim ON claim.id = grant_claim_id
    JOIN collectivite AS body ON body.id = claim.collectivite_id
    WHERE effective_until IS NULL AND state = 'CHANGES_REQUESTED'
      AND coalesce(successor_id, body.id) = ANY(:towns)
    UNION ALL
    SELECT 'DISPUTE_DECIDED', step.effective_on, NULL, 1, 'Dispute', dispute.id, product.name, ''
    FROM dispute_transition AS step JOIN dispute ON dispute.id = dispute_id
    JOIN product ON product.id = dispute.product_id
    JOIN collectivite AS body ON body.id = dispute.collectivite_id
    WHERE effective_until IS NULL AND state IN ('UPHELD', 'DISMISSED')
      AND step.effective_on >= :lately AND coalesce(successor_id, body.id) = ANY(:towns)
    UNION ALL
    SELECT 'MESSAGES_UNDELIVERED', failed.since, NULL, failed.number, 'Collectivite', body.id, '',
           ''
    FROM ({UNDELIVERED}) AS failed JOIN collectivite AS body ON body.siren = failed.organisation
    WHERE body.id = ANY(:towns)
"""
TASKS = sa.text(
    f"SELECT * FROM ({OF_VENDORS} UNION ALL {OF_COLLECTIVITES}) AS task"
    f" ORDER BY due_on NULLS LAST, array_position(:kinds, kind), since, id LIMIT {MOST}"
)
SENTENCES: Mapping[TaskKind, str] = {
    TaskKind.DISPUTE_TO_ANSWER: "Répondre à la contestation qui vise {about}.",
    TaskKind.INTEGRATION_SENT_BACK: "Reprendre la déclaration sur {service} pour {about}, que le"
    " ministère a renvoyée.",
    TaskKind.TARGET_DATE_PASSED: "Dire où en est {service} dans {about} : la date promise est"
    " passée.",
    TaskKind.COMMITMENT_EXPIRING: "L’engagement ({about}) prend bientôt fin : il sera à signer de"
    " nouveau le lendemain.",
    TaskKind.COMMITMENT_INVITED: "Répondre à l’invitation à s’engager ({about}).",
    TaskKind.LINKS_TO_CONFIRM: "Confirmer ou corriger les usages déclarés par l’autre partie.",
    TaskKind.DECLARATION_STALE: "Confirmer la déclaration sur {service} pour {about}, qui date.",
    TaskKind.GRANT_TO_COMPLETE: "Compléter la demande de subvention.",
    TaskKind.DISPUTE_DECIDED: "Lire ce que le ministère a décidé de la contestation {of_about}.",
    TaskKind.MESSAGES_UNDELIVERED: "Vérifier vos adresses électroniques : des messages du registre"
    " n’ont pas pu vous être remis.",
    TaskKind.MAILBOX_MISSING: "Donner une boîte électronique sur votre fiche : les messages du"
    " registre ne peuvent pas vous joindre autrement que par ceux qui se connectent.",
}


async def listed(session: AsyncSession, actor: Actor, day: date, stale_after: int) -> list[Task]:
    """Soonest due first, then in the order of their kinds, oldest first. Raises ``NotSignedIn``,
    or ``NotAllowed`` to a token that may not read.
    """
    admit(actor, Action.SEE_CLIENTS)
    bounds = {
        "vendors": [*actor.vendors],
        "towns": [*actor.collectivites],
        "day": day,
        "soon": day + BEFORE_EXPIRY,
        "lately": day - NEWS,
        "stale": months_before(day, stale_after),
        "kinds": [kind.value for kind in TaskKind],
    }
    found = [_task(row) for row in await session.execute(TASKS, bounds)]
    return [*found, *await _steps(session, actor, found, day), *await _queue(session, actor, day)]


def _task(row: Any) -> Task:
    kind = TaskKind(row.kind)
    service = words.SERVICES[Service(row.detail)] if row.detail else ""
    sentence = SENTENCES[kind].format(
        about=row.about, of_about=words.of(row.about), service=service
    )
    return Task(kind, sentence, row.since, row.due_on, row.number, row.noun, row.id)


async def _steps(
    session: AsyncSession, actor: Actor, found: Iterable[Task], day: date
) -> list[Task]:
    """What a collectivité can do next, where nothing else waits for it."""
    if not actor.collectivites or any(task.noun != "Vendor" for task in found):
        return []
    steps = await next_step.of_collectivites(session, actor, sorted(actor.collectivites), day)
    return [
        Task(TaskKind.NEXT_STEP, step.sentence, noun="Collectivite", subject_id=body)
        for body, step in steps.items()
        if step.code not in SETTLED
    ]


async def _queue(session: AsyncSession, actor: Actor, day: date) -> list[Task]:
    if not may(actor, Action.SEE_QUEUE):
        return []
    counts = await queue.counts(session, actor, None, day)
    return [
        Task(TaskKind.QUEUE, queue.MEANINGS[kind], count=counts[kind], queue_kind=kind)
        for kind in QueueKind
        if kind in counts
    ]
