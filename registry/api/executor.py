"""How a document is executed: as GraphQL says, by shortcuts where they give the same answer."""

from collections.abc import Awaitable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError, GraphQLObjectType, get_named_type
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from registry.api.context import Context
from registry.api.leaves import UNSURE, Leaf, leaf
from registry.domain import projections
from registry.domain.projections import Selected, Statement

STATEMENTS = 128
"""Questions whose statements are kept."""


UNDERIVED = orjson.Fragment(projections.UNDERIVED)
"""In place of an answer that only resolvers can give now."""


class Plan(NamedTuple):
    """Of a selection set on a type: its plain values, and the fields that are executed."""

    of: Any
    leaves: dict[str, Leaf]
    others: dict[str, Any]


class Executor(StrawberryGraphQLCoreExecutionContext):
    """A root field that ``projections`` covers, with all below it, is one value of PostgreSQL's.
    In what is executed otherwise, plain values are read at once.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.plans: dict[tuple[GraphQLObjectType, int], Plan] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        plan = self._plan(parent_type, grouped_field_set)
        done = {name: leaf.read(source_value) for name, leaf in plan.leaves.items()}
        if not done or UNSURE in done.values():
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        if not plan.others:
            return done
        found: Any = super().execute_fields(
            parent_type, source_value, path, plan.others, position_context
        )
        if self.is_awaitable(found):
            return _awaited(grouped_field_set, done, found)
        return _together(grouped_field_set, done, found)

    def _plan(self, parent: GraphQLObjectType, grouped: Any) -> Plan:
        key = (parent, id(grouped))
        plan = self.plans.get(key)
        if plan is None:
            found = {
                name: leaf(parent, fields[0].node.name.value) for name, fields in grouped.items()
            }
            leaves = {name: read for name, read in found.items() if read}
            others = {name: fields for name, fields in grouped.items() if name not in leaves}
            # The set is kept with its plan, so that nothing else takes its id.
            plan = self.plans[key] = Plan(grouped, leaves, others)
        return plan

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: Any,
        path: Path,
        position_context: Any,
    ) -> Any:
        if path.prev is None and parent_type is self.schema.query_type:
            statement = self._statement(parent_type, str(path.key), field_details_list)
            if statement:
                return self._projected(
                    statement, parent_type, source, field_details_list, path, position_context
                )
        return super().execute_field(
            parent_type, source, field_details_list, path, position_context
        )

    def complete_value(
        self, return_type: Any, details: Any, info: Any, path: Any, result: Any, position: Any
    ) -> Any:
        if type(result) is orjson.Fragment:
            return result
        return super().complete_value(return_type, details, info, path, result, position)

    def _statement(
        self, parent_type: GraphQLObjectType, key: str, details: Any
    ) -> Statement | None:
        if details[0].node.name.value not in projections.ROOTS:
            return None
        context: Context = self.context_value
        asked = context.asked
        kept = _statements(
            asked.query, asked.operation_name, orjson.dumps(asked.variables), context.today
        )
        if key not in kept:
            selected = self._selected(parent_type, details[0].node.name.value, details)
            kept[key] = projections.statement(selected, context.today) if selected else None
        return kept[key]

    async def _projected(
        self,
        statement: Statement,
        parent_type: GraphQLObjectType,
        source: Any,
        details: Any,
        path: Path,
        position: Any,
    ) -> Any:
        field = parent_type.fields[details[0].node.name.value]
        info = self.build_resolve_info(
            field, [detail.node for detail in details], parent_type, path
        )
        read = _read(self.context_value, statement)
        done = await self.complete_awaitable_value(field.type, details, info, path, read, None)
        if done is not UNDERIVED:
            return done
        resolved = super().execute_field(parent_type, source, details, path, position)
        return await resolved if self.is_awaitable(resolved) else resolved

    def _selected(self, parent: GraphQLObjectType, key: str, details: Any) -> Selected | None:
        """None for what no object type alone can answer, or whose arguments are wrong."""
        node = details[0].node
        field = self.schema.get_field(parent, node.name.value)
        if field is None:
            return None
        try:
            arguments = (
                get_argument_values(
                    field, node, self.variable_values, details[0].fragment_variable_values
                )
                if field.args
                else {}
            )
        except GraphQLError:
            return None
        kind = get_named_type(field.type)
        below: list[Selected] = []
        if node.selection_set:
            if not isinstance(kind, GraphQLObjectType):
                return None
            for inner_key, inner in self.collect_subfields(kind, details)[0].items():
                selected = self._selected(kind, inner_key, inner)
                if selected is None:
                    return None
                below.append(selected)
        return Selected(key, node.name.value, arguments, tuple(below))


def _together(order: Any, done: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    both = done | found
    return {name: both[name] for name in order if name in both}


async def _awaited(order: Any, done: dict[str, Any], found: Awaitable[Any]) -> dict[str, Any]:
    return _together(order, done, await found)


@lru_cache(maxsize=STATEMENTS)
def _statements(
    query: str, operation_name: str | None, variables: bytes, day: date
) -> dict[str, Statement | None]:
    """Those of a question's root fields, filled by who looks for one."""
    return {}


async def _read(context: Context, statement: Statement) -> orjson.Fragment | None:
    text = await context.value(statement.text, statement.values)
    if text == projections.UNDERIVED:
        return UNDERIVED
    return None if text is None else orjson.Fragment(text)
