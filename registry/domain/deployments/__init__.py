"""Links between collectivités and products: read, declared, confirmed, corrected, ended.

Who said what: a link is its declarant's word, and stays unconfirmed until the other side or the
ministry confirms it. Whoever declares what the other side has already declared confirms it.
Whoever corrects a link says it anew: it becomes the corrector's word, and what others said of it
falls. The end of a link is not a correction: the use was what it was until that day, so that its
declarant and its confirmation stand; only a later end, or none, is one.
"""

from registry.domain.deployments.correcting import Changes, correct, end
from registry.domain.deployments.declaring import (
    Declaration,
    Link,
    confirm,
    confirm_each,
    declare,
    record,
)
from registry.domain.deployments.reading import (
    by_ids,
    is_confirmable,
    is_confirmed,
    is_correctable,
    is_in_force,
    of_collectivites,
    of_usage,
    subject,
)
from registry.domain.deployments.replacing import replace

__all__ = [
    "Changes",
    "Declaration",
    "Link",
    "by_ids",
    "confirm",
    "confirm_each",
    "correct",
    "declare",
    "end",
    "is_confirmable",
    "is_confirmed",
    "is_correctable",
    "is_in_force",
    "of_collectivites",
    "of_usage",
    "record",
    "replace",
    "subject",
]
