"""How a document is executed: as GraphQL says, by shortcuts where they give the same answer."""

from collections.abc import Awaitable
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLObjectType, get_named_type
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from registry.api.context import Context
from registry.domain import projections
from registry.domain.projections import Selected, Statement


class Executor(StrawberryGraphQLCoreExecutionContext):
    """A root field that ``projections`` covers, with all below it, is one value of PostgreSQL's."""

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: Any,
        path: Path,
        position_context: Any,
    ) -> Any:
        if path.prev is None and parent_type is self.schema.query_type:
            statement = self._statement(parent_type, field_details_list)
            if statement:
                return self._projected(statement, parent_type, field_details_list, path)
        return super().execute_field(
            parent_type, source, field_details_list, path, position_context
        )

    def complete_value(
        self, return_type: Any, details: Any, info: Any, path: Any, result: Any, position: Any
    ) -> Any:
        if type(result) is orjson.Fragment:
            return result
        return super().complete_value(return_type, details, info, path, result, position)

    def _statement(self, parent_type: GraphQLObjectType, details: Any) -> Statement | None:
        if details[0].node.name.value not in projections.ROOTS:
            return None
        selected = self._selected(parent_type, details[0].node.name.value, details)
        if selected is None:
            return None
        context: Context = self.context_value
        return projections.statement(selected, context.today)

    def _projected(
        self, statement: Statement, parent_type: GraphQLObjectType, details: Any, path: Path
    ) -> Awaitable[Any]:
        field = parent_type.fields[details[0].node.name.value]
        info = self.build_resolve_info(
            field, [detail.node for detail in details], parent_type, path
        )
        read = _read(self.context_value, statement)
        return self.complete_awaitable_value(field.type, details, info, path, read, None)

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


async def _read(context: Context, statement: Statement) -> orjson.Fragment | None:
    text = await context.value(statement.text, statement.values)
    return None if text is None else orjson.Fragment(text)
