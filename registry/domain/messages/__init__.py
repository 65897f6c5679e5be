"""E-mails to those who are concerned: posted with what decides them, sent later by a worker."""

from registry.domain.messages.letters import SITE
from registry.domain.messages.notices import (
    notify_commitment,
    notify_dispute,
    notify_grant,
    notify_review,
)
from registry.domain.messages.outbox import (
    UNDELIVERED,
    Letter,
    mark_failed,
    mark_sent,
    next_due,
    post,
)
from registry.domain.messages.reminders import remind

__all__ = [
    "SITE",
    "UNDELIVERED",
    "Letter",
    "mark_failed",
    "mark_sent",
    "next_due",
    "notify_commitment",
    "notify_dispute",
    "notify_grant",
    "notify_review",
    "post",
    "remind",
]
