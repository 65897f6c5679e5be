"""From a request to its result. A document is read and validated once, whoever sends it again."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    validate,
)
from strawberry.execution import optimized_is_awaitable

from registry.api import limits
from registry.api.context import Context
from registry.api.executor import Executor
from registry.api.requests import Asked

DOCUMENTS = 128
"""How many are kept: each may be long, and read into much more memory than it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """Compared by identity: to compare what it holds would be to walk it."""

    node: DocumentNode | None
    faults: tuple[GraphQLError, ...]


class UnknownOperation(Exception):
    """The document holds no operation of the name that was asked."""


class NotAllowed(Exception):
    def __init__(self, operation: OperationType) -> None:
        super().__init__(operation)
        self.operation = operation


@lru_cache(maxsize=DOCUMENTS)
def read(schema: GraphQLSchema, text: str) -> Document:
    try:
        node = parse(text, max_tokens=limits.MAX_TOKENS)
    except GraphQLError as fault:
        return Document(None, (fault,))
    return Document(node, tuple(validate(schema, node, limits.RULES)))


@lru_cache(maxsize=DOCUMENTS)
def _cost(
    schema: GraphQLSchema,
    document: Document,
    name: str | None,
    shapes: limits.Shapes,
) -> int:
    return limits.cost(schema, document.node, name, shapes) if document.node else 0


async def run(
    schema: GraphQLSchema, context: Context, allowed: Collection[OperationType]
) -> ExecutionResult:
    """Raises ``UnknownOperation``, ``NotAllowed``, and what the allowance refuses."""
    asked = context.asked
    document = read(schema, asked.query)
    if document.node is None:
        return ExecutionResult(None, [*document.faults])
    asked.kind = _kind(document.node, asked, allowed).value
    if document.faults:
        return ExecutionResult(None, [*document.faults])
    if refusal := limits.ambiguous(document.node, asked):
        return ExecutionResult(None, [refusal])
    asked.cost = _cost(schema, document, asked.operation_name, limits.shapes(asked.variables))
    extensions = {"cost": asked.cost}
    if refusal := limits.too_costly(asked.cost):
        return ExecutionResult(None, [refusal], extensions)
    context.allowance.spend(asked.cost)
    executed = execute(
        schema,
        document.node,
        context_value=context,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
        executor_class=Executor,
        is_awaitable=cast("Any", optimized_is_awaitable),
    )
    result = executed if isinstance(executed, ExecutionResult) else await executed
    return ExecutionResult(result.data, result.errors, extensions)


def operation_of(node: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """That of the name, or without one the first."""
    return next(
        (
            operation
            for operation in limits.operations(node)
            if name is None or (operation.name and operation.name.value == name)
        ),
        None,
    )


def _kind(node: DocumentNode, asked: Asked, allowed: Collection[OperationType]) -> OperationType:
    found = operation_of(node, asked.operation_name)
    if found is None:
        raise UnknownOperation
    if found.operation not in allowed:
        raise NotAllowed(found.operation)
    return found.operation
