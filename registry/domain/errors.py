"""What the domain refuses. ``message`` is French, for people; ``code`` is for programs."""

from collections.abc import Sequence
from types import TracebackType


class DomainError(Exception):
    code = "REFUSED"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(DomainError):
    """Values that can't be taken; each fault names the field as the caller wrote it."""

    code = "BAD_USER_INPUT"

    def __init__(self, field: str, message: str, *others: "InvalidInput") -> None:
        super().__init__(" ".join([message, *(other.message for other in others)]))
        self.field = field
        self.faults: tuple[tuple[str, str], ...] = (
            (field, message),
            *(fault for other in others for fault in other.faults),
        )


class Checks:
    """Collects the faults of each ``with`` block, so that a caller learns them all at once."""

    def __init__(self) -> None:
        self.found: list[InvalidInput] = []

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        if isinstance(error, InvalidInput):
            self.found.append(error)
            return True
        return False

    def settle(self) -> None:
        """Raise ``InvalidInput`` if anything was found."""
        if self.found:
            first, *others = self.found
            raise InvalidInput(first.field, first.faults[0][1], *_rest(first), *others)


def _rest(fault: InvalidInput) -> Sequence[InvalidInput]:
    return [InvalidInput(field, message) for field, message in fault.faults[1:]]


class NotSignedIn(DomainError):
    code = "UNAUTHENTICATED"


class NotAllowed(DomainError):
    code = "FORBIDDEN"


class NotFound(DomainError):
    """``field`` is the one whose value designates nothing."""

    code = "NOT_FOUND"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotInThisState(DomainError):
    """An arrow that does not exist; ``allowed`` are the states that can follow ``state``."""

    code = "INVALID_STATE"

    def __init__(self, message: str, state: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.state = state
        self.allowed = allowed


class Conflict(DomainError):
    """Somebody else changed it since; ``version`` is the one it has now, where it has any."""

    code = "CONFLICT"

    def __init__(self, message: str, version: int | None = None) -> None:
        super().__init__(message)
        self.version = version


class AlreadyExists(DomainError):
    """Another record has that key; ``field`` is the key's."""

    code = "ALREADY_EXISTS"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class KeyReused(DomainError):
    """The idempotency key served for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class QuotaExceeded(DomainError):
    """``retry_after`` is in seconds."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
