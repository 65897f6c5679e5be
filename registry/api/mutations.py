"""A write by GraphQL: one transaction, one domain function, and every outcome in its type."""

import functools
import hashlib
import inspect
import operator
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Protocol, TypeVar

import orjson
import strawberry
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import capitalize_first, to_camel_case

from registry.api.context import Request
from registry.api.outcomes import REFUSALS, Refusal, presented
from registry.domain import constraints, evidence, idempotency, policy
from registry.domain.actor import Actor
from registry.domain.errors import DomainError, NotFound
from registry.domain.histories import Said

Resolver = TypeVar("Resolver", bound=Callable[..., Any])

IDEMPOTENCY_KEY = strawberry.field(
    default=None,
    description="Clé choisie par l’appelant : la même demande sous la même clé n’a lieu"
    " qu’une fois, et reçoit la même réponse.",
)


@strawberry.input(description="Ce que toute écriture accepte.")
class WriteInput:
    idempotency_key: str | None = IDEMPOTENCY_KEY


def given(**fields: strawberry.Maybe[Any]) -> dict[str, Any]:
    """Those that the caller gave, be it null; what it left out is absent."""
    return {name: field.value for name, field in fields.items() if field is not None}


@strawberry.input(description="Ce que toute étape accepte : de quand elle est, et sur quoi fondée.")
class StepInput(WriteInput):
    effective_on: date | None = strawberry.field(
        default=None, description="Date d’effet, au plus tard aujourd’hui ; aujourd’hui sinon."
    )
    reason: str | None = strawberry.field(default=None, description="Motif.")
    evidence_url: str | None = strawberry.field(
        default=None, description="Adresse de la pièce justificative."
    )

    @property
    def said(self) -> Said:
        return Said(self.effective_on, self.reason, self.evidence_url)


class Recorded(Protocol):
    """A success: what GraphQL answers, with the row's id."""

    row_id: int


Find = Callable[[Request, int], Awaitable[Any]]


def mutation(description: str, *, again: Find) -> Callable[[Resolver], StrawberryField]:
    """``resolver(self, info, session, input)`` answers the success, in the transaction.

    ``again`` finds the success anew, for a request repeated under its key.
    """

    def declare(resolver: Resolver) -> StrawberryField:
        name = to_camel_case(resolver.__name__)
        given = inspect.signature(resolver, eval_str=True)
        members: Any = functools.reduce(operator.or_, REFUSALS, given.return_annotation)
        result: Any = Annotated[
            members,
            strawberry.union(
                f"{capitalize_first(name)}Result",
                description=f"Issue de « {name} » : ce qui est écrit, ou le refus.",
            ),
        ]

        async def run(self: object, info: Request, input: Any) -> Any:
            info.context.loaders.forget()
            try:
                policy.require_signed_in(info.context.actor)
                await info.context.charge()
                return await _write(
                    info, input, name, functools.partial(resolver, self, info), again
                )
            except DomainError as refusal:
                return presented(refusal)
            except (DBAPIError, StaleDataError) as error:
                return presented(constraints.refusal(error))

        run.__name__ = resolver.__name__
        run.__annotations__ = {
            "info": Request,
            "input": Annotated[
                given.parameters["input"].annotation,
                strawberry.argument(description="Ce qui est demandé."),
            ],
            "return": result,
        }
        return strawberry.mutation(run, description=description)

    return declare


async def _write(
    info: Request,
    given: WriteInput,
    name: str,
    work: Callable[[AsyncSession, Any], Awaitable[Recorded]],
    again: Find,
) -> Recorded | Refusal:
    actor = info.context.actor
    async with info.context.transaction() as session:
        key = given.idempotency_key
        if key is None:
            return await _done(session, actor, given, work)
        before = await idempotency.take(session, actor, key, _digest(name, given), name)
        if before is None:
            done = await _done(session, actor, given, work)
            await idempotency.keep(session, actor, key, done.row_id)
            return done
    found: Recorded | None = await again(info, before)
    if found is None:
        raise NotFound("idempotency_key", "Ce que cette demande avait écrit n’est plus à vous.")
    return found


async def _done(
    session: AsyncSession,
    actor: Actor,
    given: WriteInput,
    work: Callable[[AsyncSession, Any], Awaitable[Recorded]],
) -> Recorded:
    """The evidence is judged after ``work``: who may not do it learns nothing of it."""
    done = await work(session, given)
    await evidence.check(session, actor, getattr(given, "evidence_url", None))
    return done


def _digest(name: str, given: WriteInput) -> bytes:
    said = orjson.dumps([name, asdict(given)], option=orjson.OPT_SORT_KEYS, default=repr)
    return hashlib.sha256(said).digest()
