"""From a request to its result. A document is read and validated once, whoever sends it again."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
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


class Document(NamedTuple):
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
    asked.cost = limits.cost_of(schema, document.node, asked)
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


def _kind(node: DocumentNode, asked: Asked, allowed: Collection[OperationType]) -> OperationType:
    """Of the operation of that name, or of the first."""
    name = asked.operation_name
    found = next(
        (
            operation.operation
            for operation in limits.operations(node)
            if name is None or (operation.name and operation.name.value == name)
        ),
        None,
    )
    if found is None:
        raise UnknownOperation
    if found not in allowed:
        raise NotAllowed(found)
    return found
