from datetime import date

import strawberry

from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.nodes import global_id
from registry.api.words import describe
from registry.domain import tasks
from registry.domain.queue import QueueKind
from registry.domain.tasks import TaskKind

describe(
    TaskKind,
    "Ce qui attend celui qui demande.",
    {
        "DISPUTE_TO_ANSWER": "Éditeur : contestation à laquelle répondre.",
        "INTEGRATION_SENT_BACK": "Éditeur : déclaration renvoyée par le ministère.",
        "TARGET_DATE_PASSED": "Éditeur : intégration prévue, dont la date promise est passée.",
        "COMMITMENT_EXPIRING": "Éditeur : engagement qui prend fin dans les 60 jours.",
        "COMMITMENT_INVITED": "Éditeur : invitation à s’engager.",
        "LINKS_TO_CONFIRM": "Usages que l’autre partie a déclarés, à confirmer.",
        "DECLARATION_STALE": "Éditeur : déclaration ancienne, « à confirmer ».",
        "GRANT_TO_COMPLETE": "Collectivité : demande de subvention à compléter.",
        "DISPUTE_DECIDED": "Collectivité : contestation tranchée depuis moins de 30 jours.",
        "MESSAGES_UNDELIVERED": "Messages du registre qui n’ont pas pu être remis.",
        "MAILBOX_MISSING": "Éditeur : fiche sans boîte électronique où lui écrire.",
        "NEXT_STEP": "Collectivité : prochaine étape, si rien d’autre ne l’attend.",
        "QUEUE": "Ministère : ce que compte la file, par sorte.",
    },
)


@strawberry.type(description="Ce qui attend celui qui demande.")
class Task:
    kind: TaskKind = strawberry.field(description="Ce qui attend.")
    sentence: str = strawberry.field(description="Une phrase qui le dit.")
    since: date | None = strawberry.field(description="Depuis quand.")
    due_on: date | None = strawberry.field(description="Dernier jour, s’il y en a un.")
    count: int = strawberry.field(description="Combien.")
    node_type: str | None = strawberry.field(description="Type de l’objet dont il s’agit.")
    node_id: strawberry.ID | None = strawberry.field(description="Identifiant de cet objet.")
    queue_kind: QueueKind | None = strawberry.field(
        description="Sorte comptée dans la file du ministère."
    )

    @classmethod
    def of(cls, task: tasks.Task) -> "Task":
        return cls(
            kind=task.kind,
            sentence=task.sentence,
            since=task.since,
            due_on=task.due_on,
            count=task.count,
            node_type=task.noun,
            node_id=global_id(task.noun, task.subject_id) if task.noun else None,
            queue_kind=task.queue_kind,
        )


@strawberry.type(description="Lecture de ce qui attend celui qui demande.")
class TaskQuery:
    @resolved("Ce qui attend celui qui demande, 200 éléments au plus ; il doit être connecté.")
    async def tasks(self, info: Request) -> list[Task]:
        context = info.context
        async with context.read() as session:
            found = await tasks.listed(
                session, context.actor, context.today, context.stale_after_months
            )
        return [Task.of(task) for task in found]
