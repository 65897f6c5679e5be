from datetime import date
from functools import partial
from typing import Annotated

import strawberry

from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.nodes import global_id
from registry.api.pages import After, Before, Connection, First, Last, connection
from registry.api.words import describe
from registry.domain import queue
from registry.domain.pages import Page
from registry.domain.queue import QueueKind, Waited

describe(
    QueueKind,
    "Ce qui attend, ou se contredit.",
    queue.MEANINGS,
)
describe(
    Waited,
    "De qui l’on attend la suite.",
    {"MINISTRY": "Du ministère.", "VENDOR": "De l’éditeur.", "COLLECTIVITE": "De la collectivité."},
)

Kinds = Annotated[
    list[QueueKind] | None, strawberry.argument(description="Ces sortes seules ; toutes sinon.")
]


@strawberry.type(description="Ce qui attend.")
class QueueItem:
    kind: QueueKind = strawberry.field(description="Ce qui attend.")
    waiting_for: Waited = strawberry.field(description="De qui l’on attend la suite.")
    since: date = strawberry.field(description="Depuis quand.")
    sentence: str = strawberry.field(description="Une phrase qui le dit.")
    node_type: str = strawberry.field(description="Type de l’objet dont il s’agit.")
    node_id: strawberry.ID = strawberry.field(description="Identifiant de cet objet.")

    @classmethod
    def of(cls, item: queue.Item) -> "QueueItem":
        return cls(
            kind=item.kind,
            waiting_for=item.waiting_for,
            since=item.since,
            sentence=item.sentence,
            node_type=item.noun,
            node_id=global_id(item.noun, item.subject_id),
        )


@strawberry.type(description="Lecture de la file du ministère.")
class QueueQuery:
    @resolved("Ce qui attend ou se contredit, le plus ancien d’abord ; pour le ministère.")
    async def queue(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        kinds: Kinds = None,
    ) -> Connection[QueueItem]:
        page, actor = Page(first, after, last, before), info.context.actor
        async with info.context.read() as session:
            found = await queue.listed(session, actor, page, kinds, info.context.today)
        return connection(found, QueueItem.of, partial(_count, info, kinds))


async def _count(info: Request, kinds: list[QueueKind] | None) -> int:
    async with info.context.read() as session:
        found = await queue.counts(session, info.context.actor, kinds, info.context.today)
    return sum(found.values())
