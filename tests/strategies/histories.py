"""Dated histories along the arrows of domain.md §4, several rows of a day among them.

The arrows stand here as read in the document, apart from the program's own tables. An explicit
`NONE` goes neither to `WITHDRAWN` nor to `STOPPED`: "any" in the document may or may not hold it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

from hypothesis import strategies as st

Step = tuple[date, str, date | None]  # day, state, target date or end of validity
Arrows = Callable[[Step, date], Sequence[str]]  # last step, day of the next → its possible states

DATES = (
    date(2020, 1, 1),
    date(2021, 6, 30),
    date(2022, 3, 7),
    date(2022, 12, 31),
    date(2023, 1, 1),
    date(2024, 2, 29),
    date(2025, 7, 1),
    date(2026, 6, 30),
)
SOONER = (*DATES[:3], *DATES[:3], *DATES)  # Most things have begun by the day that is asked about.

INTEGRATION_ARROWS: Mapping[str, tuple[str, ...]] = {
    "NONE": ("PLANNED", "SANDBOX", "QUALIFICATION_REQUESTED", "QUALIFIED"),
    "PLANNED": ("SANDBOX", "QUALIFICATION_REQUESTED", "QUALIFIED", "WITHDRAWN"),
    "SANDBOX": ("QUALIFICATION_REQUESTED", "QUALIFIED", "WITHDRAWN"),
    "QUALIFICATION_REQUESTED": ("QUALIFIED", "SANDBOX", "WITHDRAWN"),
    "QUALIFIED": ("SUSPENDED", "WITHDRAWN"),
    "SUSPENDED": ("QUALIFIED", "WITHDRAWN"),
    "WITHDRAWN": ("PLANNED",),
}
COMMITMENT_ARROWS: Mapping[str, tuple[str, ...]] = {
    "NONE": ("INVITED", "SIGNED", "DECLINED"),
    "INVITED": ("SIGNED", "DECLINED"),
    "DECLINED": ("SIGNED",),
    "SIGNED": ("WITHDRAWN", "EXPIRED", "BREACH_ALLEGED"),
    "BREACH_ALLEGED": ("SIGNED", "BREACHED"),
    "WITHDRAWN": ("SIGNED",),
    "EXPIRED": ("SIGNED",),
    "BREACHED": ("SIGNED",),
}
ACTIVATION_ARROWS: Mapping[str, tuple[str, ...]] = {
    "NONE": ("PLANNED",),
    "PLANNED": ("HABILITATION_SUBMITTED", "STOPPED"),
    "HABILITATION_SUBMITTED": (
        "HABILITATION_CHANGES_REQUESTED",
        "HABILITATION_GRANTED",
        "HABILITATION_REFUSED",
        "STOPPED",
    ),
    "HABILITATION_CHANGES_REQUESTED": ("HABILITATION_SUBMITTED", "STOPPED"),
    "HABILITATION_GRANTED": ("IN_INTEGRATION", "STOPPED"),
    "HABILITATION_REFUSED": ("HABILITATION_SUBMITTED", "STOPPED"),
    "IN_INTEGRATION": ("GO_LIVE_REQUESTED", "STOPPED"),
    "GO_LIVE_REQUESTED": ("IN_PRODUCTION", "STOPPED"),
    "IN_PRODUCTION": ("SUSPENDED", "STOPPED"),
    "SUSPENDED": ("IN_PRODUCTION", "STOPPED"),
    "STOPPED": ("PLANNED",),
}


def integration_arrows(last: Step, _day: date) -> Sequence[str]:
    return INTEGRATION_ARROWS[last[1]]


def commitment_arrows(last: Step, day: date) -> Sequence[str]:
    """From the state recorded, or as read that day where the validity has ended."""
    _, state, valid_until = last
    recorded = COMMITMENT_ARROWS[state]
    if state in {"SIGNED", "BREACH_ALLEGED"} and valid_until is not None and day > valid_until:
        return (*recorded, *COMMITMENT_ARROWS["EXPIRED"])
    return recorded


def activation_arrows(days_qualified: Collection[date]) -> Arrows:
    """The short way to the start is open on the days when the product is qualified."""

    def arrows(last: Step, day: date) -> Sequence[str]:
        usual = ACTIVATION_ARROWS[last[1]]
        if last[1] == "HABILITATION_GRANTED" and day in days_qualified:
            return (*usual, "GO_LIVE_REQUESTED")
        return usual

    return arrows


def walk(draw: st.DrawFn, starts: Sequence[str], arrows: Arrows) -> list[Step]:
    """One to three rows, by date."""
    steps: list[Step] = []
    size = draw(st.sampled_from((1, 1, 2, 3)))
    for day in sorted(draw(st.lists(st.sampled_from(SOONER), min_size=size, max_size=size))):
        state = draw(st.sampled_from(arrows(steps[-1], day) if steps else starts))
        steps.append((day, state, draw(st.none() | st.sampled_from(DATES))))
    return steps
