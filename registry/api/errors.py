"""What a caller is told of an error: a refusal with its reason, of a bug only its number."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.utils.str_converters import to_camel_case

from registry.auth.rates import TooOften
from registry.database import DatabaseAway, DatabaseBusy, DatabaseUnable
from registry.domain.errors import (
    DomainError,
    InvalidInput,
    NotInThisState,
    NotSignedIn,
    QuotaExceeded,
)

INTERNAL = "INTERNAL"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
RATE_LIMITED = "RATE_LIMITED"
RETRY = {"Retry-After": "5"}
RETRY_SOON = {"Retry-After": "1"}
TOO_MANY_TOKENS = re.compile(r"contains more than (\d+) tokens")

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is not executed; ``message`` is French, ``details`` join its code."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = {
            "errors": [{"message": message, "extensions": {"code": code, **(details or {})}}]
        }


def too_often(cause: TooOften) -> Refused:
    details = {"limit": cause.limit, "allowed": cause.allowed, "retryAfter": cause.wait}
    headers = {"Retry-After": str(cause.wait)}
    return Refused(429, RATE_LIMITED, str(cause), headers=headers, details=details)


STATUSES: Mapping[str, int] = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "ALREADY_EXISTS": 409,
    "INVALID_STATE": 409,
    "IDEMPOTENCY_KEY_REUSED": 422,
    LIMIT_EXCEEDED: 413,
    RATE_LIMITED: 429,
}


def by_http(refusal: DomainError) -> Refused:
    """A refusal of the domain, where the answer is not GraphQL's."""
    details: dict[str, Any] = {}
    headers = None
    match refusal:
        case InvalidInput():
            details = {"field": to_camel_case(refusal.field)}
        case QuotaExceeded():
            details = {"retryAfter": refusal.retry_after}
            headers = {"Retry-After": str(refusal.retry_after)}
        case NotSignedIn():
            headers = {"WWW-Authenticate": "Bearer"}
    status = STATUSES.get(refusal.code, 400)
    return Refused(status, refusal.code, refusal.message, headers=headers, details=details)


def unusable(cause: DatabaseAway | DatabaseBusy) -> Refused:
    if isinstance(cause, DatabaseBusy):
        return Refused(503, "BUSY", str(cause), headers=RETRY_SOON)
    told = str(cause) if isinstance(cause, DatabaseUnable) else "La base de données ne répond pas."
    return Refused(503, "UNAVAILABLE", told, headers=RETRY)


def exceeded(limit: str, what: str, counted: int, allowed: int) -> tuple[str, dict[str, Any]]:
    """The message and the details of a refusal for excess; ``limit`` is for programs."""
    message = f"{what} : {counted}, {allowed} au plus."
    return message, {"limit": limit, "counted": counted, "allowed": allowed}


def presented(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """The error as it is sent; a bug is logged under ``request_id``."""
    cause = error.original_error
    if isinstance(cause, DomainError):
        return {**error.formatted, "message": cause.message, "extensions": _extensions(cause)}
    if cause is None or isinstance(cause, GraphQLError):
        return _request_error(error)
    logger.error("Request %s: %s", request_id, error.path, exc_info=cause)
    return {
        **error.formatted,
        "message": f"Erreur interne ; la signaler avec le numéro {request_id}.",
        "extensions": {"code": INTERNAL, "requestId": request_id},
    }


def _request_error(error: GraphQLError) -> dict[str, Any]:
    if error.extensions and "code" in error.extensions:
        return {**error.formatted}
    if not isinstance(error, GraphQLSyntaxError):
        return {**error.formatted, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
    if excess := TOO_MANY_TOKENS.search(error.message):
        allowed = int(excess[1])
        message, details = exceeded("tokens", "Mots et signes lus", allowed + 1, allowed)
        return {"message": message, "extensions": {"code": LIMIT_EXCEEDED, **details}}
    return {**error.formatted, "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}


def _extensions(refusal: DomainError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": refusal.code}
    if isinstance(refusal, InvalidInput):
        extensions["field"] = to_camel_case(refusal.field)
    if isinstance(refusal, NotInThisState):
        extensions["allowed"] = list(refusal.allowed)
    return extensions
