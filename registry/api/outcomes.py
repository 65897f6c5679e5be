"""What a mutation answers besides success: one type for each way of being refused."""

from collections.abc import Callable, Mapping

import strawberry
from strawberry.utils.str_converters import to_camel_case

from registry.domain import errors
from registry.domain.errors import DomainError


@strawberry.interface(description="Refus : rien n’a été écrit.")
class Refusal:
    message: str = strawberry.field(description="Ce qui est refusé et que faire, en français.")
    code: str = strawberry.field(description="Le motif, pour les programmes.")


@strawberry.type(description="Personne n’est connecté, ou la connexion a pris fin.")
class NotSignedIn(Refusal):
    pass


@strawberry.type(description="Celui qui est connecté n’a pas ce droit ; le message dit pourquoi.")
class NotAllowed(Refusal):
    pass


@strawberry.type(description="Un champ désigne ce que le registre ne connaît pas.")
class NotFound(Refusal):
    field: str = strawberry.field(description="Le champ en cause.")


@strawberry.type(description="Cette étape ne peut pas suivre l’état présent.")
class NotInThisState(Refusal):
    current_state: str = strawberry.field(description="L’état présent.")
    allowed: list[str] = strawberry.field(description="Les états qui peuvent le suivre.")


@strawberry.type(description="Champ refusé.")
class FieldFault:
    field: str = strawberry.field(description="Le champ.")
    message: str = strawberry.field(description="Ce qui ne va pas et ce qui est attendu.")


@strawberry.type(description="Des valeurs ne peuvent pas être prises.")
class Invalid(Refusal):
    errors: list[FieldFault] = strawberry.field(description="Champ par champ.")


@strawberry.type(description="Quelqu’un d’autre l’a changé entre-temps : relire, puis refaire.")
class Conflict(Refusal):
    current_version: int | None = strawberry.field(description="La version présente.")


@strawberry.type(description="Un autre enregistrement a déjà cette clé.")
class AlreadyExists(Refusal):
    field: str = strawberry.field(description="Le champ de la clé.")


@strawberry.type(description="La clé d’idempotence a servi pour une autre demande.")
class KeyReused(Refusal):
    pass


@strawberry.type(description="Trop d’écritures en peu de temps : réessayer plus tard.")
class TooManyWrites(Refusal):
    retry_after: int = strawberry.field(description="Secondes à attendre.")


REFUSALS = (
    NotSignedIn,
    NotAllowed,
    NotFound,
    NotInThisState,
    Invalid,
    Conflict,
    AlreadyExists,
    KeyReused,
    TooManyWrites,
)

Present = Callable[..., Refusal]


def presented(refusal: DomainError) -> Refusal:
    """The member of a result that says it."""
    said = {"message": refusal.message, "code": refusal.code}
    match refusal:
        case errors.InvalidInput():
            return Invalid(
                **said,
                errors=[
                    FieldFault(field=to_camel_case(field), message=message)
                    for field, message in refusal.faults
                ],
            )
        case errors.NotInThisState():
            return NotInThisState(**said, current_state=refusal.state, allowed=[*refusal.allowed])
        case errors.NotFound():
            return NotFound(**said, field=to_camel_case(refusal.field))
        case errors.Conflict():
            return Conflict(**said, current_version=refusal.version)
        case errors.AlreadyExists():
            return AlreadyExists(**said, field=to_camel_case(refusal.field))
        case errors.QuotaExceeded():
            return TooManyWrites(**said, retry_after=refusal.retry_after)
        case _:
            return PLAIN.get(type(refusal), NotAllowed)(**said)


PLAIN: Mapping[type[DomainError], Present] = {
    errors.NotSignedIn: NotSignedIn,
    errors.NotAllowed: NotAllowed,
    errors.KeyReused: KeyReused,
}
