"""The history of a record, on every type that has one."""

from datetime import date, datetime
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from models import Source
from registry.api.context import Request
from registry.api.pages import After, Before, Connection, First, Last, connection
from registry.domain import history
from registry.domain.pages import Page


@strawberry.type(description="Valeur qui a changé.")
class HistoryChange:
    field: str = strawberry.field(description="Ce qui a changé.")
    before: str | None = strawberry.field(description="Valeur d’avant ; vide : aucune.")
    after: str | None = strawberry.field(description="Valeur d’après ; vide : aucune.")


@strawberry.type(description="Inscription au journal : qui, quand, de quoi à quoi, pourquoi.")
class HistoryEntry:
    seq: float = strawberry.field(description="Numéro au journal.")
    recorded_at: datetime = strawberry.field(description="Heure de l’inscription.")
    noun: str = strawberry.field(description="Ce qui est inscrit.")
    action: str = strawberry.field(description="Ce qui a été fait.")
    declared_by: Source | None = strawberry.field(description="En quelle qualité, pour une étape.")
    organisation: str | None = strawberry.field(
        description="SIREN de l’organisation ; jamais une personne."
    )
    organisation_name: str | None = strawberry.field(description="Nom de l’organisation.")
    effective_on: date | None = strawberry.field(description="Date d’effet, pour une étape.")
    was: str | None = strawberry.field(name="from", description="État d’avant, pour une étape.")
    became: str | None = strawberry.field(name="to", description="État d’après, pour une étape.")
    reason: str | None = strawberry.field(description="Motif.")
    evidence_url: str | None = strawberry.field(description="Pièce justificative.")
    changes: list[HistoryChange] = strawberry.field(description="Les valeurs qui ont changé.")

    @classmethod
    def of(cls, entry: history.Entry) -> "HistoryEntry":
        values = {name: getattr(entry, name) for name in history.Entry.__slots__}
        changes = [
            HistoryChange(field=change.field, before=change.before, after=change.after)
            for change in entry.changes
        ]
        return cls(**values | {"changes": changes})


def history_of(noun: str) -> Any:
    """The field ``history`` of a type that has a ``row_id``."""

    async def resolve(
        self: Any,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[HistoryEntry]:
        async with info.context.read() as session:
            found = await history.page(session, noun, self.row_id, Page(first, after, last, before))

        async def total() -> int:
            async with info.context.read() as session:
                return await history.count(session, noun, self.row_id)

        return connection(found, HistoryEntry.of, total)

    field: StrawberryField = strawberry.field(
        resolver=resolve, description="Son histoire au journal, la dernière inscription d’abord."
    )
    return field
