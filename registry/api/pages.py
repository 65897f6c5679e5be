"""Relay connections over the domain's pages."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from registry.api.fields import resolved
from registry.domain.pages import Slice

NodeType = TypeVar("NodeType")
Row = TypeVar("Row")

First = Annotated[
    int | None, strawberry.argument(description="Nombre d’éléments, de 1 à 200 ; 20 par défaut.")
]
After = Annotated[
    str | None, strawberry.argument(description="Curseur après lequel commence la page.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description="Nombre d’éléments en partant de la fin, de 1 à 200."),
]
Before = Annotated[
    str | None, strawberry.argument(description="Curseur avant lequel finit la page.")
]


@strawberry.type(description="Place d’une page dans sa liste.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Des éléments suivent la page.")
    has_previous_page: bool = strawberry.field(description="Des éléments précèdent la page.")
    start_cursor: str | None = strawberry.field(description="Curseur du premier élément.")
    end_cursor: str | None = strawberry.field(description="Curseur du dernier élément.")


@strawberry.type(description="Élément d’une page, avec son curseur.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="Curseur opaque, propre à l’ordre demandé.")
    node: NodeType = strawberry.field(description="L’élément.")


@strawberry.type(description="Page d’une liste.")
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]] = strawberry.field(description="Les éléments, dans l’ordre.")
    page_info: PageInfo = strawberry.field(description="Place de la page dans la liste.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @resolved("Nombre d’éléments de la liste entière.")
    async def total_count(self) -> int:
        return await self.count()


def connection(
    found: Slice[Row], of: Callable[[Row], Any], count: Callable[[], Awaitable[int]]
) -> Connection[Any]:
    return Connection(
        edges=[
            Edge(cursor=cursor, node=of(row))
            for row, cursor in zip(found.rows, found.cursors, strict=True)
        ],
        page_info=page_info(
            found.cursors, has_next=found.has_next, has_previous=found.has_previous
        ),
        count=count,
    )


def page_info(cursors: tuple[str, ...], *, has_next: bool, has_previous: bool) -> PageInfo:
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
