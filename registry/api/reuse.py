"""Answers to public queries, kept for as long as nothing is written to the registry."""

import hashlib
from collections import OrderedDict
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from registry.api.execution import DOCUMENTS, Document, operation_of
from registry.api.requests import Asked
from registry.head import Head, Version

REUSED = frozenset(
    {
        "__schema",
        "__type",
        "__typename",
        "blockers",
        "campaign",
        "changes",
        "collectivite",
        "collectivites",
        "coverage",
        "forecast",
        "node",
        "plan",
        "product",
        "products",
        "search",
        "simulation",
        "trend",
        "vendor",
        "vendors",
    }
)
"""Root fields whose whole answer to anyone depends on what the ledger records, and on the day."""

OVERHEAD = 1_000
"""Bytes that an answer takes besides its texts, counted generously."""
TAG_LENGTH = 32


class Key(NamedTuple):
    query: str
    operation_name: str | None
    variables: bytes
    kind: str
    day: date


class Kept(NamedTuple):
    body: bytes
    tag: str
    cost: int


def key_of(asked: Asked, kind: str, day: date) -> Key:
    variables = orjson.dumps(asked.variables, option=orjson.OPT_SORT_KEYS)
    return Key(asked.query, asked.operation_name, variables, kind, day)


def kept(body: bytes, kind: str, cost: int) -> Kept:
    digest = hashlib.sha256(kind.encode() + b"\n" + body).hexdigest()
    return Kept(body, f'"{digest[:TAG_LENGTH]}"', cost)


class Answers:
    """Those of one version of the registry, the last used last, within ``budget`` bytes.

    A version is taken before its answer is read: what is kept is never older than it.
    """

    def __init__(self, budget: int, head: Head) -> None:
        self.budget = budget
        self.head = head
        self.size = 0
        self.of: Version | None = None
        self.answers: OrderedDict[Key, Kept] = OrderedDict()

    def version(self) -> Version | None:
        """None: nothing may be reused now."""
        version = self.head.version if self.budget else None
        if version != self.of:
            self.answers.clear()
            self.size, self.of = 0, version
        return version

    def find(self, key: Key) -> Kept | None:
        found = self.answers.get(key)
        if found:
            self.answers.move_to_end(key)
        return found

    def keep(self, key: Key, answer: Kept, version: Version) -> None:
        size = _size(key, answer)
        if size > self.budget or self.version() != version or key in self.answers:
            return
        self.answers[key] = answer
        self.size += size
        while self.size > self.budget:
            self.size -= _size(*self.answers.popitem(last=False))


def _size(key: Key, answer: Kept) -> int:
    return OVERHEAD + 4 * len(key.query) + len(key.variables) + len(answer.body)


@lru_cache(maxsize=DOCUMENTS)
def is_public(document: Document, name: str | None) -> bool:
    """Whether it asks of the registry alone, nothing of who asks or how often."""
    if document.node is None:
        return False
    operation = operation_of(document.node, name)
    if operation is None or operation.operation is not OperationType.QUERY:
        return False
    return REUSED.issuperset(_fields(document.node, operation))


def _fields(document: DocumentNode, operation: OperationDefinitionNode) -> set[str]:
    """The names at the root, wherever fragments put them."""
    fragments = {
        node.name.value: node.selection_set
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    waiting: list[SelectionSetNode] = [operation.selection_set]
    names: set[str] = set()
    while waiting:
        for node in waiting.pop().selections:
            match node:
                case FieldNode():
                    names.add(node.name.value)
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode():
                    if spread := fragments.pop(node.name.value, None):
                        waiting.append(spread)
    return names
