"""Relay's global identification of objects."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import strawberry

from registry.api.context import Request
from registry.domain.errors import InvalidInput

GLOBAL_ID = re.compile("([A-Z][A-Za-z]*):([1-9][0-9]{0,17})")


@strawberry.interface(description="Objet que son identifiant suffit à retrouver (Relay).")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Identifiant opaque, unique dans tout le service."
    )


Find = Callable[[Request, int], Awaitable[Node | None]]


def global_id(type_name: str, row_id: int | None) -> strawberry.ID:
    return strawberry.ID(base64.b64encode(f"{type_name}:{row_id}".encode()).decode())


def parse(text: str) -> tuple[str, int]:
    try:
        decoded = base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        decoded = ""
    found = GLOBAL_ID.fullmatch(decoded)
    if found is None or global_id(found[1], int(found[2])) != text:
        raise InvalidInput("id", "Cet identifiant n’est pas de ceux que le service a donnés.")
    return found[1], int(found[2])


def row_id_of(type_name: str, text: str, field: str) -> int:
    """The id of the row that ``field`` names, which must be of that type."""
    try:
        found, row_id = parse(text)
    except InvalidInput as fault:
        raise InvalidInput(field, fault.message) from fault
    if found != type_name:
        raise InvalidInput(field, f"Cet identifiant est celui d’un {found}, non d’un {type_name}.")
    return row_id


def node_query(kinds: Mapping[str, Find]) -> type:
    """The root field that finds an object of one of ``kinds``."""

    async def find_node(
        info: Request,
        id: Annotated[strawberry.ID, strawberry.argument(description="Identifiant opaque.")],
    ) -> Node | None:
        type_name, row_id = parse(id)
        find = kinds.get(type_name)
        return None if find is None else await find(info, row_id)

    description = "L’objet qui a cet identifiant ; rien s’il n’existe pas."

    @strawberry.type(description="Recherche par identifiant.")
    class NodeQuery:
        node: Node | None = strawberry.field(resolver=find_node, description=description)

    return NodeQuery
