"""What is wrong with a bundle, cell by cell."""

from dataclasses import dataclass, field

LIMIT = 1000
SHOWN_VALUE = 80


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """``line`` counts from 1, the header included; 0 speaks of the file."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = [self.file]
        if self.line:
            place.append(f"ligne {self.line}")
        if self.column:
            place.append(f"colonne {self.column}")
        shown = f" : « {self.value} »" if self.value else ""
        return f"{', '.join(place)}{shown} : {self.reason}"


class BundleRefused(Exception):
    """Nothing was written. ``faults`` are in the order of the files, at most ``LIMIT`` of them."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} anomalies")
        self.faults = faults


@dataclass(slots=True)
class Faults:
    """Collects them; raises ``BundleRefused`` as soon as the limit is reached."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        shown = value if len(value) <= SHOWN_VALUE else f"{value[:SHOWN_VALUE]}…"
        self.found.append(Fault(file, line, column, _printable(shown), reason))
        if len(self.found) >= LIMIT:
            self.settle()

    @property
    def room(self) -> int:
        return LIMIT - len(self.found)

    def settle(self) -> None:
        if self.found:
            raise BundleRefused(self.found)


def _printable(text: str) -> str:
    """Hidden characters are shown by their number, so that the message can't be disguised."""
    return "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" for character in text
    )
