"""What the domain refuses. ``message`` is French, for people; ``code`` is for programs."""


class DomainError(Exception):
    code = "REFUSED"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(DomainError):
    """A value that can't be taken; ``field`` names it as the caller wrote it."""

    code = "BAD_USER_INPUT"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(DomainError):
    code = "FORBIDDEN"


class NotInThisState(DomainError):
    """An arrow that does not exist; ``allowed`` are the states that can follow."""

    code = "INVALID_STATE"

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed
