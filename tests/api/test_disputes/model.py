"""Disputes and commitments as domain.md §4 tells them, by loops over everything."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from tests.strategies.histories import COMMITMENT_ARROWS

OPEN = {"OPEN", "UNDER_REVIEW", "AWAITING_REPLY"}
ENDED = {"UPHELD", "DISMISSED"}
STARTS = {
    "review": {"OPEN", "AWAITING_REPLY"},
    "ask": {"UNDER_REVIEW"},
    "reply": {"AWAITING_REPLY"},
    "uphold": {"UNDER_REVIEW"},
    "dismiss": {"UNDER_REVIEW"},
    "withdraw": OPEN,
    "reopen": ENDED,
}
LEADS = {
    "review": "UNDER_REVIEW",
    "ask": "AWAITING_REPLY",
    "reply": "UNDER_REVIEW",
    "uphold": "UPHELD",
    "dismiss": "DISMISSED",
    "withdraw": "WITHDRAWN",
    "reopen": "UNDER_REVIEW",
}
TOWNS, PRODUCTS, KINDS = ("01001", "01002"), ("agora", "zenith"), ("SURCHARGE", "INTEGRATION")
VENDOR, MINISTRY = "vendor", "ministry"


class Move(NamedTuple):
    """``on`` is a product to open on or say of, or the number of a dispute."""

    verb: str
    by: str
    on: str | int
    word: str = ""
    valid_until: date | None = None


class Row(NamedTuple):
    state: str
    valid_until: date | None


@dataclass
class Case:
    town: str
    product: str
    kind: str
    state: str = "OPEN"
    asked: bool = False
    heard: bool = False

    @property
    def matter(self) -> tuple[str, str, str]:
        return self.town, self.product, self.kind


@dataclass
class Model:
    """``said`` holds the rows of each product's own commitment, and of the vendor-wide ("")."""

    today: date
    said: dict[str, list[Row]]
    qualified: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(PRODUCTS, True))
    cases: list[Case] = field(default_factory=list)
    condemned_by: dict[str, Case] = field(default_factory=dict)

    def read(self, holder: str) -> str:
        """`EXPIRED` from the day after its own `valid_until`."""
        if not self.said[holder]:
            return "NONE"
        state, end = self.said[holder][-1]
        held = state in {"SIGNED", "BREACH_ALLEGED"}
        return "EXPIRED" if held and end is not None and end < self.today else state

    def applying(self, product: str) -> str:
        """Whose row applies."""
        yields = self.read(product) in {"NONE", "INVITED", "EXPIRED"}
        return "" if yields and self.said[""] else product

    def open_on(self, product: str, kind: str) -> list[Case]:
        return [c for c in self.cases if (c.product, c.kind) == (product, kind) and c.state in OPEN]

    def is_open(self, matter: tuple[str, str, str]) -> bool:
        return any(case.matter == matter and case.state in OPEN for case in self.cases)

    def moves(self) -> Iterator[Move]:
        """What anyone may try, and what the vendor and the ministry may say besides."""
        for town in TOWNS:
            for product in PRODUCTS:
                yield from (Move("open", town, product, kind) for kind in KINDS)
        for number, case in enumerate(self.cases):
            other = next(town for town in TOWNS if town != case.town)
            for verb in STARTS:
                yield from (Move(verb, by, number) for by in (case.town, VENDOR, MINISTRY))
            yield Move("withdraw", other, number)
        for holder in ("", *PRODUCTS):
            for state in self.sayable(holder):
                for days in (None, 0, 30) if state == "SIGNED" else (None,):
                    end = None if days is None else self.today + timedelta(days=days)
                    yield Move("say", VENDOR, holder, state, end)
        yield from (Move("qualify", VENDOR, p) for p in PRODUCTS if not self.qualified[p])
        yield Move("wait", "", "")

    def sayable(self, holder: str) -> list[str]:
        """The arrows that are no dispute's; a breach is left with the ministry's acceptance."""
        recorded = self.said[holder][-1].state if self.said[holder] else "NONE"
        if self.read(holder) == "BREACH_ALLEGED":
            return []
        found = {*COMMITMENT_ARROWS[recorded], *COMMITMENT_ARROWS[self.read(holder)]}
        return sorted(found - {"BREACH_ALLEGED", "BREACHED", "EXPIRED"})

    def outcome(self, move: Move) -> str:
        if move.verb == "open":
            taken = self.is_open((move.by, str(move.on), move.word))
            return "AlreadyExists" if taken else "Dispute"
        case = self.cases[int(move.on)]
        if move.by not in owners(move.verb, case):
            return "NotAllowed"
        if case.state not in STARTS[move.verb] or (move.verb == "uphold" and not case.heard):
            return "NotInThisState"
        if move.verb == "reopen":
            if (move.by, case.state) in {(case.town, "UPHELD"), (VENDOR, "DISMISSED")}:
                return "NotAllowed"
            return "AlreadyExists" if self.is_open(case.matter) else "Dispute"
        return "Dispute"

    def make(self, move: Move) -> None:
        if move.verb == "open":
            case = Case(move.by, str(move.on), move.word)
            self.cases.append(case)
            self.allege(case)
        elif move.verb == "say":
            self.said[str(move.on)].append(Row(move.word, move.valid_until))
        elif move.verb == "qualify":
            self.qualified[str(move.on)] = True
        elif move.verb == "wait":
            self.wait()
        else:
            self.step(self.cases[int(move.on)], move.verb)

    def wait(self) -> None:
        """Due dates and ends of validity pass, as if they had been set sooner."""
        for case in self.cases:
            case.heard |= case.asked
        eve = self.today - timedelta(days=1)
        for rows in self.said.values():
            rows[:] = [Row(row.state, row.valid_until and eve) for row in rows]

    def step(self, case: Case, verb: str) -> None:
        case.state = LEADS[verb]
        case.asked |= verb == "ask"
        case.heard |= verb == "reply"
        if verb == "reopen":
            self.allege(case)
        elif verb == "uphold":
            self.condemn(case)
        elif verb in {"dismiss", "withdraw"}:
            self.clear(case)

    def allege(self, case: Case) -> None:
        """To `BREACH_ALLEGED` if `SIGNED`; the vendor-wide row gives a row of the product's own.

        Its own history keeps to the arrows: through `SIGNED` where none leads there.
        """
        holder = self.applying(case.product)
        if case.kind != "SURCHARGE" or self.read(holder) != "SIGNED":
            return
        end, own = self.said[holder][-1].valid_until, self.said[case.product]
        if own and "BREACH_ALLEGED" not in COMMITMENT_ARROWS[own[-1].state]:
            own.append(Row("SIGNED", end))
        own.append(Row("BREACH_ALLEGED", end))

    def condemn(self, case: Case) -> None:
        if case.kind == "INTEGRATION":
            self.qualified[case.product] = False
            return
        own = self.said[case.product]
        if not own or own[-1].state != "BREACH_ALLEGED":
            self.allege(case)
        if own and own[-1].state == "BREACH_ALLEGED":
            own.append(Row("BREACHED", own[-1].valid_until))
            self.condemned_by[case.product] = case

    def clear(self, case: Case) -> None:
        """The last open one gone, back to `SIGNED`; from a breach, if what judged it is undone."""
        own = self.said[case.product]
        if case.kind != "SURCHARGE" or self.open_on(case.product, "SURCHARGE") or not own:
            return
        judged = self.condemned_by.get(case.product)
        upheld = any(
            (c.product, c.kind, c.state) == (case.product, "SURCHARGE", "UPHELD")
            for c in self.cases
        )
        undone = judged is not None and judged.state == "DISMISSED" and not upheld
        if own[-1].state == "BREACH_ALLEGED" or (own[-1].state == "BREACHED" and undone):
            own.append(Row("SIGNED", own[-1].valid_until))


def owners(verb: str, case: Case) -> set[str]:
    match verb:
        case "withdraw":
            return {case.town}
        case "reply":
            return {VENDOR}
        case "reopen":
            return {case.town, VENDOR, MINISTRY}
        case _:
            return {MINISTRY}
