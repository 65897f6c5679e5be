"""What is coming, told in time. Whatever day a reminder is looked for, only the nearest is due."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Service
from registry.domain import words
from registry.domain.freshness import months_before
from registry.domain.messages import recipients
from registry.domain.messages.letters import body, vendor_page
from registry.domain.messages.outbox import Letter, post

BEFORE_EXPIRY = (7, 30, 60)
BEFORE_REPLY = (1, 7)
"""Days, nearest first."""

EXPIRING = sa.text("""
    SELECT commitment.id, commitment.vendor_id, vendor.siren, vendor.name AS vendor,
           product.name AS product, valid_until AS due_on
    FROM commitment JOIN vendor ON vendor.id = commitment.vendor_id
    LEFT JOIN product ON product.id = commitment.product_id
    WHERE effective_until IS NULL AND state IN ('SIGNED', 'BREACH_ALLEGED')
      AND valid_until BETWEEN :day AND :last
    ORDER BY commitment.id
""")
AWAITED = sa.text("""
    SELECT step.id, product.vendor_id, vendor.siren, product.name AS product,
           reply_due_on AS due_on
    FROM dispute_transition AS step JOIN dispute ON dispute.id = step.dispute_id
    JOIN product ON product.id = dispute.product_id JOIN vendor ON vendor.id = product.vendor_id
    WHERE effective_until IS NULL AND state = 'AWAITING_REPLY'
      AND reply_due_on BETWEEN :day AND :last
    ORDER BY step.id
""")
GROWN_OLD = sa.text("""
    SELECT product.vendor_id, vendor.siren, product.name AS product, service
    FROM integration JOIN product ON product.id = integration.product_id
    JOIN vendor ON vendor.id = product.vendor_id
    WHERE effective_until IS NULL AND state NOT IN ('NONE', 'WITHDRAWN')
      AND declared_by IN ('VENDOR', 'DATAPASS') AND retired_on IS NULL
      AND coalesce(confirmed_on, effective_on) >= :from
      AND coalesce(confirmed_on, effective_on) < :until
    ORDER BY product.vendor_id, product.slug, service
""")

LAPSE = (
    "Sans nouvelle signature d’ici là, il se lira comme expiré, et vos clients ne sauront plus si"
    " FranceConnect leur est offert sans surcoût."
)
UNANSWERED = "Passé ce jour, le ministère peut trancher sans elle."
TO_CONFIRM = (
    "L’état de chacune est inchangé ; s’il est toujours juste, ou s’il ne l’est plus,"
    " dites-le dans le registre."
)


async def remind(session: AsyncSession, day: date, stale_after_months: int) -> None:
    """Post what is due on that day and was not posted yet."""
    await _remind_of_expiry(session, day)
    await _remind_of_replies(session, day)
    await _remind_of_age(session, day, stale_after_months)


async def _remind_of_expiry(session: AsyncSession, day: date) -> None:
    rows = await _due(session, EXPIRING, day, BEFORE_EXPIRY)
    mailboxes = await recipients.of_vendors(session, [row.vendor_id for row in rows])
    letters = []
    for row in rows:
        about = f", pour {row.product}," if row.product else ""
        promise = f"L’engagement sans surcoût {words.of(row.vendor)}{about}"
        end = f"{promise} prend fin le {row.due_on:%d/%m/%Y}"
        letters.append(
            Letter(
                f"commitment:{row.id}:{_nearest(row.due_on - day, BEFORE_EXPIRY)}",
                mailboxes[row.vendor_id],
                f"Votre engagement sans surcoût prend fin le {row.due_on:%d/%m/%Y}",
                body(vendor_page(row.siren), f"{end}.", LAPSE, "Pour le renouveler :"),
                row.siren,
            )
        )
    await post(session, *letters)


async def _remind_of_replies(session: AsyncSession, day: date) -> None:
    rows = await _due(session, AWAITED, day, BEFORE_REPLY)
    mailboxes = await recipients.of_vendors(session, [row.vendor_id for row in rows])
    letters = []
    for row in rows:
        awaited = f"Votre réponse à la contestation qui vise {row.product} est attendue"
        letters.append(
            Letter(
                f"dispute_transition:{row.id}:{_nearest(row.due_on - day, BEFORE_REPLY)}",
                mailboxes[row.vendor_id],
                f"Contestation : votre réponse est attendue le {row.due_on:%d/%m/%Y} au plus tard",
                body(
                    vendor_page(row.siren),
                    f"{awaited} le {row.due_on:%d/%m/%Y} au plus tard. {UNANSWERED}",
                    "Pour répondre :",
                ),
                row.siren,
            )
        )
    await post(session, *letters)


async def _remind_of_age(session: AsyncSession, day: date, months: int) -> None:
    """One message a month, of what passed that age during the month before."""
    this = day.replace(day=1)
    period = {
        "from": months_before(months_before(this, 1), months),
        "until": months_before(this, months),
    }
    rows = (await session.execute(GROWN_OLD, period)).all()
    mailboxes = await recipients.of_vendors(session, [row.vendor_id for row in rows])
    letters = []
    for (vendor_id, siren), grown in groupby(rows, lambda row: (row.vendor_id, row.siren)):
        listed = "\n".join(
            f"- {row.product} : {words.SERVICES[Service(row.service)]}" for row in grown
        )
        said = f"Ces déclarations ont plus de {months} mois et portent la mention « à confirmer » :"
        letters.append(
            Letter(
                f"stale:{vendor_id}:{this:%Y-%m}",
                mailboxes[vendor_id],
                "Des déclarations sont à confirmer dans le registre",
                body(vendor_page(siren), f"{said}\n{listed}", TO_CONFIRM),
                siren,
            )
        )
    await post(session, *letters)


async def _due(
    session: AsyncSession, query: sa.TextClause, day: date, thresholds: Sequence[int]
) -> Sequence[sa.Row[Any]]:
    last = day + timedelta(days=thresholds[-1])
    return (await session.execute(query, {"day": day, "last": last})).all()


def _nearest(left: timedelta, thresholds: Sequence[int]) -> int:
    return next(days for days in thresholds if left.days <= days)
