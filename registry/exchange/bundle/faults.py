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


class HeaderRefused(BundleRefused):
    """The faults are all of the line that names the columns: no other line was judged."""


@dataclass(slots=True)
class Faults:
    """Collects them; raises ``BundleRefused`` as soon as ``limit`` is reached.

    ``blind``: a file could not be read to its end, so nobody can tell what it lacks.
    """

    found: list[Fault] = field(default_factory=list)
    blind: bool = False
    limit: int = LIMIT

    def add(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        self.found.append(Fault(file, line, _shown(column), _shown(value), reason))
        if len(self.found) >= self.limit:
            self.settle()

    @property
    def room(self) -> int:
        return self.limit - len(self.found)

    def settle(self) -> None:
        if self.found:
            files = list(dict.fromkeys(fault.file for fault in self.found))
            raise BundleRefused(sorted(self.found, key=lambda f: (files.index(f.file), f.line)))


def _shown(text: str) -> str:
    """Hidden characters are shown by their number, so that the message can't be disguised."""
    shown = "".join(c if c.isprintable() else _number(ord(c)) for c in text[:SHOWN_VALUE])
    return shown if len(text) <= SHOWN_VALUE else f"{shown}…"


def _number(character: int) -> str:
    """A byte that is not UTF-8 was read as a surrogate (PEP 383)."""
    if 0xDC80 <= character <= 0xDCFF:
        return f"\\x{character - 0xDC00:02x}"
    return f"\\u{character:04x}"
