"""What a document may ask. One walk counts it all, each fragment once however often it spreads."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    get_operation_ast,
    is_composite_type,
    is_list_type,
    specified_rules,
)

from registry.api.errors import LIMIT_EXCEEDED, exceeded
from registry.api.requests import NUL, NUL_REFUSED, Asked
from registry.auth import prices
from registry.domain.pages import DEFAULT_SIZE, MAX_SIZE

MAX_TOKENS = 2_000
MAX_COST = 5_000
LIST_SIZE = 3
"""What a list without pages counts for: a page of 200 collectivités with all theirs passes."""
WEIGHTS = {
    ("Query", "coverage"): prices.COVERAGE,
    ("Query", "blockers"): prices.BLOCKERS,
    ("Query", "simulation"): prices.SIMULATION,
    ("Query", "forecast"): prices.FORECAST,
    ("Query", "plan"): prices.PLAN,
    ("Query", "trend"): prices.TREND,
    ("Changes", "counts"): prices.CHANGES,
    ("Changes", "collectivites"): prices.CHANGES,
    ("Changes", "products"): prices.CHANGES,
    ("Collectivite", "readiness"): prices.READINESS,
    ("Collectivite", "nextStep"): prices.NEXT_STEP,
    ("CollectiviteConnection", "totalCount"): prices.TOTAL,
    ("Product", "verdict"): prices.VERDICT,
    ("Vendor", "blocking"): prices.BLOCKING,
}
"""A field of a type costs this besides what it brings, for the work that it asks: once, as its
objects are read together however many they are.
"""
TERRITORIES = {"departement", "region", "epci"}
COMPUTED = {"asOf", "demarche"}
"""Either of them, in a scope or beside it, leaves the derived tables without an answer."""
PRICED = TERRITORIES | COMPUTED
Shape = float | bool | tuple[str, ...] | None
"""What a cost may depend on of a value: a number, the members of an object that are priced, or that
it is not null.
"""
Shapes = tuple[tuple[str, Shape], ...]
CEILING = 1_000_000
"""Beyond it nothing is counted: a number that doubles at each fragment has hundreds of digits."""

INTROSPECTION = {"__schema", "__type"}


class Counts(NamedTuple):
    """Of a selection set and all below it, fragments included; ``top`` is its own fields, ``work``
    the weights, which lists don't multiply.
    """

    depth: int = 0
    introspection: int = 0
    top: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    cost: int = 0
    work: int = 0


NOTHING = Counts()

LIMITS = {
    "depth": ("Niveaux de champs", 12),
    "introspection": ("Niveaux de champs d’introspection", 15),
    "top": ("Champs à la racine", 20),
    "aliases": ("Alias", 30),
    "fields": ("Champs", 400),
    "directives": ("Directives", 50),
}
NAMES = {"top": "rootFields", "introspection": "introspectionDepth"}


class Walk(NamedTuple):
    schema: GraphQLSchema
    variables: Mapping[str, Shape]
    fragments: dict[str, Counts]


def walk(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Shape]) -> Walk:
    """All fragments counted, those that others spread first; a cycle counts nothing."""
    started = Walk(schema, variables, {})
    for fragment in _innermost_first(document):
        kind = schema.get_type(fragment.type_condition.name.value)
        counted = of_selections(started, fragment.selection_set, kind)
        started.fragments[fragment.name.value] = _with_directives(counted, fragment)
    return started


def of_operation(walked: Walk, operation: OperationDefinitionNode) -> Counts:
    root = walked.schema.get_root_type(operation.operation)
    counted = of_selections(walked, operation.selection_set, root)
    for variable in operation.variable_definitions or ():
        counted = _with_directives(counted, variable)
    return _with_directives(counted, operation)


def of_selections(
    walked: Walk, selections: SelectionSetNode | None, parent: GraphQLNamedType | None
) -> Counts:
    total = NOTHING
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode):
            counted = _of_field(walked, selection, parent)
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            kind = walked.schema.get_type(condition.name.value) if condition else parent
            counted = of_selections(walked, selection.selection_set, kind)
        else:
            name = selection.name.value if isinstance(selection, FragmentSpreadNode) else ""
            counted = walked.fragments.get(name, NOTHING)
        total = _sum(total, _with_directives(counted, selection))
    return total


def _of_field(walked: Walk, node: FieldNode, parent: GraphQLNamedType | None) -> Counts:
    field = walked.schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
    below = of_selections(walked, node.selection_set, get_named_type(field.type) if field else None)
    inner = max(below.depth, below.introspection)
    meta = node.name.value in INTROSPECTION
    return Counts(
        depth=1 if meta else 1 + below.depth,
        introspection=1 + inner if meta else below.introspection and 1 + below.introspection,
        top=1,
        aliases=below.aliases + (node.alias is not None),
        fields=below.fields + 1,
        directives=below.directives,
        cost=min(CEILING, _cost(walked, node, field, parent, below.cost)),
        work=below.work + _work(walked, node, parent),
    )


def _work(walked: Walk, node: FieldNode, parent: GraphQLNamedType | None) -> int:
    price = WEIGHTS.get((parent.name, node.name.value)) if parent else None
    if price is None:
        return 0
    names = _scope(walked, node)
    return price.points(
        narrowed=not names.isdisjoint(TERRITORIES), computed=not names.isdisjoint(COMPUTED)
    )


def _scope(walked: Walk, node: FieldNode) -> set[str]:
    """What is given of a scope: as the members of that argument, or as arguments."""
    names: set[str] = set()
    for argument in node.arguments or ():
        shape = _shape(argument.value, walked.variables)
        if argument.name.value != "scope" and shape is not None:
            names.add(argument.name.value)
        elif isinstance(shape, tuple):
            names.update(shape)
    return names


def _shape(value: ValueNode, variables: Mapping[str, Shape]) -> Shape:
    match value:
        case VariableNode():
            return variables.get(value.name.value)
        case NullValueNode():
            return None
        case IntValueNode():
            return float(value.value[:9])
        case ObjectValueNode():
            return tuple(
                member.name.value
                for member in value.fields
                if member.name.value in PRICED and _shape(member.value, variables) is not None
            )
    return True


def _cost(
    walked: Walk,
    node: FieldNode,
    field: GraphQLField | None,
    parent: GraphQLNamedType | None,
    below: int,
) -> int:
    """The objects it may bring: 1, or as many as its page or list holds; a leaf costs nothing."""
    if field is None or not is_composite_type(get_named_type(field.type)):
        return 0
    if parent is not None and parent.name.endswith("Connection"):
        return below
    listed = is_list_type(get_nullable_type(field.type))
    if "first" in field.args:
        size = _size(walked, node)
        return size * (1 + below) if listed else 1 + size * below
    return LIST_SIZE * (1 + below) if listed else 1 + below


def _size(walked: Walk, node: FieldNode) -> int:
    sizes = [
        _given(walked, argument.value)
        for argument in node.arguments or ()
        if argument.name.value in {"first", "last"}
    ]
    return max((size for size in sizes if size is not None), default=DEFAULT_SIZE)


def _given(walked: Walk, value: ValueNode) -> int | None:
    """A size out of bounds counts as the nearest one: its own refusal says more."""
    given = _shape(value, walked.variables)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return int(max(0, min(MAX_SIZE, given)))


def _with_directives(counted: Counts, node: Any) -> Counts:
    if not node.directives:
        return counted
    return counted._replace(directives=min(CEILING, counted.directives + len(node.directives)))


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        max(one.depth, other.depth),
        max(one.introspection, other.introspection),
        *(min(CEILING, a + b) for a, b in zip(one[2:], other[2:], strict=True)),
    )


def _innermost_first(document: DocumentNode) -> Iterator[FragmentDefinitionNode]:
    """Without recursion: a chain of fragments may be longer than Python's stack."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    waiting = {name: _spreads(fragment.selection_set) for name, fragment in fragments.items()}
    for root in fragments:
        path = [root] if root in waiting else []
        spreads = {root: waiting.pop(root, [])}
        while path:
            if inner := next((name for name in _drained(spreads[path[-1]]) if name in waiting), ""):
                spreads[inner] = waiting.pop(inner)
                path.append(inner)
            else:
                yield fragments[path.pop()]


def _drained(names: list[str]) -> Iterator[str]:
    while names:
        yield names.pop()


def _spreads(selections: SelectionSetNode) -> list[str]:
    found, waiting = [], [selections]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                found.append(selection.name.value)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                waiting.append(selection.selection_set)
    return found


class LimitsRule(ASTValidationRule):
    """What doesn't depend on variables; the verdict is kept with that of the other rules."""

    context: ValidationContext

    def enter_document(self, document: DocumentNode, *_: object) -> None:
        walked = walk(self.context.schema, document, {})
        for operation in operations(document):
            counted = of_operation(walked, operation)._asdict()
            for count, (what, allowed) in LIMITS.items():
                if counted[count] > allowed:
                    name = NAMES.get(count, count)
                    self.report_error(_refusal(name, what, counted[count], allowed, operation))

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if NUL in node.value:
            extensions = {"code": "BAD_USER_INPUT"}
            self.report_error(GraphQLError(NUL_REFUSED, node, extensions=extensions))


RULES: tuple[type[ASTValidationRule], ...] = (LimitsRule, *specified_rules)


def ambiguous(document: DocumentNode, asked: Asked) -> GraphQLError | None:
    if asked.operation_name is not None or len(operations(document)) < 2:
        return None
    message = "Le document contient plusieurs opérations : « operationName » doit choisir."
    return GraphQLError(message, extensions={"code": "OPERATION_NAME_REQUIRED"})


def too_costly(counted: int) -> GraphQLError | None:
    return _refusal("cost", "Coût de la requête", counted, MAX_COST) if counted > MAX_COST else None


def shapes(variables: Mapping[str, Any] | None) -> Shapes:
    """What a cost depends on, besides the document; null takes the place of a default too."""
    return tuple((name, _shape_of(value)) for name, value in (variables or {}).items())


def _shape_of(value: Any) -> Shape:
    match value:
        case None | int() | float():
            return value
        case dict():
            return tuple(name for name in PRICED if value.get(name) is not None)
    return True


def cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    shapes: Shapes,
) -> int:
    """Of the operation of that name, with variables of those shapes."""
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return 0
    defaults = {
        definition.variable.name.value: _shape(definition.default_value, {})
        for definition in operation.variable_definitions or ()
        if definition.default_value
    }
    counted = of_operation(walk(schema, document, defaults | dict(shapes)), operation)
    return counted.cost + counted.work


def operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _refusal(
    limit: str, what: str, counted: int, allowed: int, node: Node | None = None
) -> GraphQLError:
    message, details = exceeded(limit, what, counted, allowed)
    return GraphQLError(message, node, extensions={"code": LIMIT_EXCEEDED, **details})
