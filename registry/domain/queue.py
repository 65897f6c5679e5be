"""What waits, for whom and since when; and what contradicts itself. For the ministry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from models import CommitmentState, DisputeState, Service
from registry.domain import pages, words
from registry.domain.actor import Actor
from registry.domain.contacts import HAS_MAILBOX
from registry.domain.filters import among
from registry.domain.messages import UNDELIVERED
from registry.domain.pages import Key, Ordering, Page, Recency, Slice
from registry.domain.policy import Action, authorise

REVIEWED = words.DISPUTE_STATES[DisputeState.UNDER_REVIEW]
BREACHED = words.COMMITMENT_STATES[CommitmentState.BREACHED]


class QueueKind(StrEnum):
    SOFTWARE_TO_SETTLE = "SOFTWARE_TO_SETTLE"
    DISPUTE_TO_REVIEW = "DISPUTE_TO_REVIEW"
    DISPUTE_UNDER_REVIEW = "DISPUTE_UNDER_REVIEW"
    DISPUTE_REPLIED = "DISPUTE_REPLIED"
    REPLY_AWAITED = "REPLY_AWAITED"
    REPLY_OVERDUE = "REPLY_OVERDUE"
    INTEGRATION_TO_VERIFY = "INTEGRATION_TO_VERIFY"
    GRANT_TO_DECIDE = "GRANT_TO_DECIDE"
    GRANT_TO_COMPLETE = "GRANT_TO_COMPLETE"
    GRANT_TO_PAY = "GRANT_TO_PAY"
    INVITATION_UNANSWERED = "INVITATION_UNANSWERED"
    COMMITMENT_BREACHED = "COMMITMENT_BREACHED"
    IN_PRODUCTION_UNQUALIFIED = "IN_PRODUCTION_UNQUALIFIED"
    VENDOR_UNREACHABLE = "VENDOR_UNREACHABLE"
    MESSAGES_UNDELIVERED = "MESSAGES_UNDELIVERED"


class Waited(StrEnum):
    """Who has the next word."""

    MINISTRY = "MINISTRY"
    VENDOR = "VENDOR"
    COLLECTIVITE = "COLLECTIVITE"


@dataclass(frozen=True, slots=True)
class Item:
    """``noun`` and ``subject_id`` say which record it is about; ``organisation`` is the SIREN of
    a vendor's or a collectivité's.
    """

    kind: QueueKind
    waiting_for: Waited
    since: date
    sentence: str
    noun: str
    subject_id: int
    organisation: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many there are of a kind, and since when the oldest of them waits."""

    count: int
    oldest: date


ITEMS = f"""
    SELECT 'SOFTWARE_TO_SETTLE' AS kind, CAST(created_at AS date) AS since,
           'SoftwareRequest' AS noun, request.id, '' AS detail,
           body.name AS town, request.name AS product, 0 AS clients, '' AS organisation
    FROM software_request AS request JOIN collectivite AS body ON body.id = collectivite_id
    WHERE settled_on IS NULL
    UNION ALL
    SELECT CASE WHEN state = 'OPEN' THEN 'DISPUTE_TO_REVIEW'
                WHEN state = 'AWAITING_REPLY' AND reply_due_on < :day THEN 'REPLY_OVERDUE'
                WHEN state = 'AWAITING_REPLY' THEN 'REPLY_AWAITED'
                WHEN step.declared_by = 'VENDOR' THEN 'DISPUTE_REPLIED'
                ELSE 'DISPUTE_UNDER_REVIEW' END,
           CASE WHEN reply_due_on < :day THEN reply_due_on ELSE step.effective_on END,
           'Dispute', dispute.id, '', body.name, product.name, 0, ''
    FROM dispute_transition AS step JOIN dispute ON dispute.id = dispute_id
    JOIN product ON product.id = dispute.product_id
    JOIN collectivite AS body ON body.id = dispute.collectivite_id
    WHERE effective_until IS NULL AND state IN ('OPEN', 'UNDER_REVIEW', 'AWAITING_REPLY')
    UNION ALL
    SELECT 'INTEGRATION_TO_VERIFY', effective_on, 'Integration', integration.id, service,
           '', product.name, 0, ''
    FROM integration JOIN product ON product.id = product_id
    WHERE effective_until IS NULL AND state IN ('QUALIFICATION_REQUESTED', 'QUALIFIED')
      AND evidence_level IN ('SELF_DECLARED', 'EVIDENCED') AND reviewed_on IS NULL
      AND declared_by <> 'MINISTRY'
    UNION ALL
    SELECT CASE state WHEN 'SUBMITTED' THEN 'GRANT_TO_DECIDE'
                      WHEN 'ACCEPTED' THEN 'GRANT_TO_PAY' ELSE 'GRANT_TO_COMPLETE' END,
           effective_on, 'GrantClaim', claim.id, '', body.name, '', 0, ''
    FROM grant_claim_transition JOIN grant_claim AS claim ON claim.id = grant_claim_id
    JOIN collectivite AS body ON body.id = claim.collectivite_id
    WHERE effective_until IS NULL AND state IN ('SUBMITTED', 'CHANGES_REQUESTED', 'ACCEPTED')
    UNION ALL
    SELECT CASE state WHEN 'INVITED' THEN 'INVITATION_UNANSWERED' ELSE 'COMMITMENT_BREACHED' END,
           effective_on, 'Commitment', commitment.id, '', vendor.name,
           coalesce(product.name, 'tous ses logiciels'), 0, ''
    FROM commitment JOIN vendor ON vendor.id = commitment.vendor_id
    LEFT JOIN product ON product.id = product_id
    WHERE effective_until IS NULL AND state IN ('INVITED', 'BREACHED')
      AND merged_into_id IS NULL
    UNION ALL
    SELECT 'IN_PRODUCTION_UNQUALIFIED', used.since, 'Product', product.id, used.service,
           '', product.name, used.clients, ''
    FROM (
        SELECT product_id, service, min(effective_on) AS since,
               count(DISTINCT collectivite_id) AS clients
        FROM activation
        WHERE effective_until IS NULL AND state = 'IN_PRODUCTION'
          AND service = ANY((SELECT accepted_services FROM campaign)::text[])
          AND NOT EXISTS (SELECT FROM integration AS step
                          WHERE step.product_id = activation.product_id
                            AND step.service = activation.service
                            AND step.effective_until IS NULL AND step.state = 'QUALIFIED')
          AND EXISTS (SELECT FROM deployment AS link
                      WHERE link.collectivite_id = activation.collectivite_id
                        AND link.product_id = activation.product_id
                        AND link.demarche = activation.demarche
                        AND link.since <= :day AND (link.until IS NULL OR link.until > :day))
        GROUP BY product_id, service
    ) AS used JOIN product ON product.id = used.product_id
    UNION ALL
    SELECT 'VENDOR_UNREACHABLE', coalesce((
               SELECT CAST(recorded_at AS date) FROM ledger
               WHERE noun = 'vendor' AND subject_id = vendor.id ORDER BY seq DESC LIMIT 1), :day),
           'Vendor', vendor.id, '', vendor.name, '', 0, vendor.siren
    FROM vendor
    WHERE merged_into_id IS NULL AND NOT {HAS_MAILBOX}
      AND EXISTS (SELECT FROM product WHERE vendor_id = vendor.id AND retired_on IS NULL)
      AND NOT has_account(vendor.siren)
    UNION ALL
    SELECT 'MESSAGES_UNDELIVERED', failed.since, body.noun, body.id, '', body.name, '',
           failed.number, body.siren
    FROM ({UNDELIVERED}) AS failed
    JOIN (SELECT 'Vendor' AS noun, id, name, siren FROM vendor
          UNION ALL
          SELECT 'Collectivite', id, name, siren FROM collectivite WHERE closed_on IS NULL)
         AS body ON body.siren = failed.organisation
"""
WAITED: Mapping[QueueKind, Waited] = {
    QueueKind.REPLY_AWAITED: Waited.VENDOR,
    QueueKind.INVITATION_UNANSWERED: Waited.VENDOR,
    QueueKind.IN_PRODUCTION_UNQUALIFIED: Waited.VENDOR,
    QueueKind.GRANT_TO_COMPLETE: Waited.COLLECTIVITE,
}
"""Those that wait for another than the ministry."""

MEANINGS: Mapping[str, str] = {
    QueueKind.SOFTWARE_TO_SETTLE: "Logiciel nommé par une collectivité, à rattacher.",
    QueueKind.DISPUTE_TO_REVIEW: "Contestation ouverte, à instruire.",
    QueueKind.DISPUTE_UNDER_REVIEW: f"Contestation {REVIEWED}.",
    QueueKind.DISPUTE_REPLIED: "Contestation à laquelle l’éditeur a répondu.",
    QueueKind.REPLY_AWAITED: "Contestation dont la réponse est attendue.",
    QueueKind.REPLY_OVERDUE: "Contestation sans réponse, l’échéance passée.",
    QueueKind.INTEGRATION_TO_VERIFY: "Qualification demandée ou déclarée, à vérifier.",
    QueueKind.GRANT_TO_DECIDE: "Demande de subvention déposée.",
    QueueKind.GRANT_TO_COMPLETE: "Demande de subvention à compléter.",
    QueueKind.GRANT_TO_PAY: "Subvention acceptée, à verser.",
    QueueKind.INVITATION_UNANSWERED: "Invitation à s’engager, sans réponse.",
    QueueKind.COMMITMENT_BREACHED: f"Engagement {BREACHED}, que seul le ministère rétablit.",
    QueueKind.IN_PRODUCTION_UNQUALIFIED: "Contradiction : un logiciel non qualifié pour un service"
    " accepté a des clients en production avec lui.",
    QueueKind.VENDOR_UNREACHABLE: "Éditeur qu’aucun message ne peut joindre.",
    QueueKind.MESSAGES_UNDELIVERED: "Organisation à laquelle des messages n’ont pas pu être remis.",
}
SENTENCES: Mapping[QueueKind, str] = {
    QueueKind.SOFTWARE_TO_SETTLE: "{town} attend que « {product} » soit rattaché à un logiciel.",
    QueueKind.DISPUTE_TO_REVIEW: "{town} conteste {product} : la contestation est à instruire.",
    QueueKind.DISPUTE_UNDER_REVIEW: f"La contestation {{of_product}} par {{town}} est {REVIEWED}.",
    QueueKind.DISPUTE_REPLIED: "L’éditeur a répondu à {town} sur {product} : il reste à trancher.",
    QueueKind.REPLY_AWAITED: "La réponse de l’éditeur à {town} sur {product} est attendue.",
    QueueKind.REPLY_OVERDUE: "L’éditeur n’a pas répondu à temps à {town} sur {product}.",
    QueueKind.INTEGRATION_TO_VERIFY: "{service} pour {product} : la déclaration est à vérifier.",
    QueueKind.GRANT_TO_DECIDE: "{town} a déposé une demande de subvention : il reste à décider.",
    QueueKind.GRANT_TO_COMPLETE: "{town} doit compléter sa demande de subvention.",
    QueueKind.GRANT_TO_PAY: "La subvention {of_town} est acceptée, et reste à verser.",
    QueueKind.INVITATION_UNANSWERED: "{town}, invité à s’engager ({product}), n’a pas répondu.",
    QueueKind.COMMITMENT_BREACHED: f"L’engagement {{of_town}} ({{product}}) est {BREACHED} :"
    " à rétablir si le manquement a cessé.",
    QueueKind.IN_PRODUCTION_UNQUALIFIED: "{product} n’est pas qualifié pour {service}, que ses"
    " clients ont pourtant en production : {clients}.",
    QueueKind.VENDOR_UNREACHABLE: "Aucun message ne peut joindre {town} : sa fiche n’a pas de boîte"
    " électronique, et personne de chez lui ne s’est connecté.",
    QueueKind.MESSAGES_UNDELIVERED: "Un message à {town}, ou plusieurs, n’ont pas pu être remis :"
    " {number} en tout.",
}

_SOURCE = (
    sa.text(ITEMS)
    .columns(
        sa.column("kind", sa.Text),
        sa.column("since", sa.Date),
        sa.column("noun", sa.Text),
        sa.column("id", sa.BigInteger),
        sa.column("detail", sa.Text),
        sa.column("town", sa.Text),
        sa.column("product", sa.Text),
        sa.column("clients", sa.BigInteger),
        sa.column("organisation", sa.Text),
    )
    .subquery("item")
)
_C = _SOURCE.c


def _ordering(name: str, *, descending: bool = False) -> Ordering:
    columns = (sa.cast(_C.since, sa.Text), _C.kind, _C.detail)
    keys = [Key(column, descending=descending) for column in columns]
    return Ordering(name, (*keys, Key(_C.id, int, descending=descending)))


ORDERINGS = {
    Recency.OLDEST: _ordering("queue"),
    Recency.LATEST: _ordering("queue.desc", descending=True),
}


def waiting_for(who: Waited) -> list[QueueKind]:
    return [kind for kind in QueueKind if WAITED.get(kind, Waited.MINISTRY) is who]


async def listed(
    session: AsyncSession,
    actor: Actor,
    page: Page,
    kinds: Sequence[QueueKind] | None,
    day: date,
    order: Recency = Recency.OLDEST,
) -> Slice[Item]:
    """Raises ``NotSignedIn`` or ``NotAllowed`` to all but the ministry."""
    authorise(actor, Action.SEE_QUEUE)
    whole = sa.func.to_jsonb(sa.literal_column("item"), type_=JSONB)
    query: Any = _narrowed(sa.select(whole), kinds, day)
    found = await pages.fetch(session, query, ORDERINGS[order], page)
    return found.carrying(map(_item, found.rows))


async def counts(
    session: AsyncSession, actor: Actor, kinds: Sequence[QueueKind] | None, day: date
) -> dict[QueueKind, int]:
    """How many of each kind there is any of."""
    authorise(actor, Action.SEE_QUEUE)
    query = _narrowed(sa.select(_C.kind, sa.func.count()), kinds, day).group_by(_C.kind)
    return {QueueKind(kind): number for kind, number in await session.execute(query)}


async def overview(session: AsyncSession, actor: Actor, day: date) -> dict[QueueKind, Waiting]:
    """Of each kind there is any of, in the order of ``QueueKind``."""
    authorise(actor, Action.SEE_QUEUE)
    figures = sa.select(_C.kind, sa.func.count(), sa.func.min(_C.since))
    rows = await session.execute(_narrowed(figures, None, day).group_by(_C.kind))
    found = {QueueKind(kind): Waiting(number, oldest) for kind, number, oldest in rows}
    return {kind: found[kind] for kind in QueueKind if kind in found}


def _narrowed(
    query: sa.Select[Any], kinds: Sequence[QueueKind] | None, day: date
) -> sa.Select[Any]:
    bound = query.select_from(_SOURCE).params(day=day)
    return bound if kinds is None else bound.where(among(_C.kind, kinds))


def _item(row: Mapping[str, Any]) -> Item:
    kind = QueueKind(row["kind"])
    service = words.SERVICES[Service(row["detail"])] if row["detail"] else ""
    clients = f"{row['clients']} collectivité{'s' if row['clients'] > 1 else ''}"
    town, product = row["town"], row["product"]
    said = {"town": town, "product": product, "service": service, "number": row["clients"]}
    elided = {"of_town": words.of(town), "of_product": words.of(product)}
    return Item(
        kind=kind,
        waiting_for=WAITED.get(kind, Waited.MINISTRY),
        since=date.fromisoformat(row["since"]),
        sentence=SENTENCES[kind].format(**said, **elided, clients=clients),
        noun=row["noun"],
        subject_id=row["id"],
        organisation=row["organisation"],
    )
