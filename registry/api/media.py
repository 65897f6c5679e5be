"""The media types of GraphQL over HTTP: which one a caller prefers."""

from collections.abc import Mapping
from functools import lru_cache

from registry.api.errors import Refused

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
OFFERED = (JSON, GRAPHQL_RESPONSE)
"""The first one is for those who say nothing, or take anything."""


@lru_cache(maxsize=256)
def negotiated(accept: str | None) -> str:
    """The offered type that has the best quality, then that stands first in ``accept``."""
    if accept is None or not accept.strip():
        return JSON
    ranges = [_range(text) for text in accept.split(",")]
    ranked = []
    for offered in OFFERED:
        matching = [
            (_precision(kind, offered), quality, -place)
            for place, (kind, quality) in enumerate(ranges)
            if _precision(kind, offered)
        ]
        if matching:
            _, quality, place = max(matching)
            ranked.append((quality, place, offered == JSON, offered))
    if not ranked or not max(ranked)[0]:
        raise Refused(
            406,
            "NOT_ACCEPTABLE",
            f"Aucun type demandé ne peut être servi ; ceux qui le sont : {', '.join(OFFERED)}.",
        )
    return max(ranked)[-1]


def _range(text: str) -> tuple[str, float]:
    kind, parameters = parsed(text)
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    return kind, quality if 0 <= quality <= 1 else 0.0


def _precision(asked: str, offered: str) -> int:
    """How precisely a range of an Accept header names a type; 0: it doesn't."""
    return {offered: 3, "application/*": 2, "*/*": 1}.get(asked, 0)


@lru_cache(maxsize=256)
def parsed(content_type: str) -> tuple[str, Mapping[str, str]]:
    """A media type and its parameters, whose names are in lower case."""
    kind, *parameters = content_type.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return kind.strip().lower(), {
        name.strip().lower(): value.strip().strip('"') for name, _, value in pairs
    }
