"""What a caller is told of an error: a refusal with its reason, of a bug only its number."""

import logging
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.utils.str_converters import to_camel_case

from registry.domain.errors import DomainError, InvalidInput, NotInThisState

INTERNAL = "INTERNAL"

logger = logging.getLogger(__name__)


def presented(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """The error as it is sent; a bug is logged under ``request_id``."""
    cause = error.original_error
    if isinstance(cause, DomainError):
        return {**error.formatted, "message": cause.message, "extensions": _extensions(cause)}
    if cause is None or isinstance(cause, GraphQLError):
        parsed = not isinstance(error, GraphQLSyntaxError)
        code = "GRAPHQL_VALIDATION_FAILED" if parsed else "GRAPHQL_PARSE_FAILED"
        return {**error.formatted, "extensions": {"code": code}}
    logger.error("Request %s: %s", request_id, error.path, exc_info=cause)
    return {
        **error.formatted,
        "message": f"Erreur interne ; la signaler avec le numéro {request_id}.",
        "extensions": {"code": INTERNAL, "requestId": request_id},
    }


def _extensions(refusal: DomainError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": refusal.code}
    if isinstance(refusal, InvalidInput):
        extensions["field"] = to_camel_case(refusal.field)
    if isinstance(refusal, NotInThisState):
        extensions["allowed"] = list(refusal.allowed)
    return extensions
