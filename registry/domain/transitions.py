"""The arrows of every state machine; nothing else moves a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from models import (
    ActivationState,
    Commitment,
    CommitmentState,
    DisputeState,
    GrantClaimState,
    IntegrationState,
)
from registry.domain.errors import NotInThisState

State = TypeVar("State", bound=StrEnum)
Arrows = Mapping[State, frozenset[State]]


def _arrows(states: type[State], *, to_any: State, table: dict[State, set[State]]) -> Arrows[State]:
    return {state: frozenset(table.get(state, set()) | ({to_any} - {state})) for state in states}


def _skipping(path: list[IntegrationState]) -> dict[IntegrationState, set[IntegrationState]]:
    return {state: set(path[position + 1 :]) for position, state in enumerate(path)}


_I, _C, _A, _D, _G = (
    IntegrationState,
    CommitmentState,
    ActivationState,
    DisputeState,
    GrantClaimState,
)

INTEGRATION: Arrows[IntegrationState] = _arrows(
    _I,
    to_any=_I.WITHDRAWN,
    table={
        **_skipping([_I.NONE, _I.PLANNED, _I.SANDBOX, _I.QUALIFICATION_REQUESTED, _I.QUALIFIED]),
        _I.QUALIFICATION_REQUESTED: {_I.SANDBOX, _I.QUALIFIED},
        _I.QUALIFIED: {_I.SUSPENDED},
        _I.SUSPENDED: {_I.QUALIFIED},
        _I.WITHDRAWN: {_I.PLANNED},
    },
)

COMMITMENT: Arrows[CommitmentState] = {
    _C.NONE: frozenset({_C.INVITED, _C.SIGNED, _C.DECLINED}),
    _C.INVITED: frozenset({_C.SIGNED, _C.DECLINED}),
    _C.DECLINED: frozenset({_C.SIGNED}),
    _C.SIGNED: frozenset({_C.WITHDRAWN, _C.EXPIRED, _C.BREACH_ALLEGED}),
    _C.BREACH_ALLEGED: frozenset({_C.SIGNED, _C.BREACHED}),
    _C.WITHDRAWN: frozenset({_C.SIGNED}),
    _C.EXPIRED: frozenset({_C.SIGNED}),
    _C.BREACHED: frozenset({_C.SIGNED}),
}

ACTIVATION: Arrows[ActivationState] = _arrows(
    _A,
    to_any=_A.STOPPED,
    table={
        _A.NONE: {_A.PLANNED},
        _A.PLANNED: {_A.HABILITATION_SUBMITTED},
        _A.HABILITATION_SUBMITTED: {
            _A.HABILITATION_CHANGES_REQUESTED,
            _A.HABILITATION_GRANTED,
            _A.HABILITATION_REFUSED,
        },
        _A.HABILITATION_CHANGES_REQUESTED: {_A.HABILITATION_SUBMITTED},
        _A.HABILITATION_REFUSED: {_A.HABILITATION_SUBMITTED},
        _A.HABILITATION_GRANTED: {_A.IN_INTEGRATION, _A.GO_LIVE_REQUESTED},
        _A.IN_INTEGRATION: {_A.GO_LIVE_REQUESTED},
        _A.GO_LIVE_REQUESTED: {_A.IN_PRODUCTION},
        _A.IN_PRODUCTION: {_A.SUSPENDED},
        _A.SUSPENDED: {_A.IN_PRODUCTION},
        _A.STOPPED: {_A.PLANNED},
    },
)
"""``HABILITATION_GRANTED → GO_LIVE_REQUESTED`` also needs a product that is qualified."""

DISPUTE: Arrows[DisputeState] = {
    _D.OPEN: frozenset({_D.UNDER_REVIEW, _D.WITHDRAWN}),
    _D.UNDER_REVIEW: frozenset({_D.AWAITING_REPLY, _D.UPHELD, _D.DISMISSED, _D.WITHDRAWN}),
    _D.AWAITING_REPLY: frozenset({_D.UNDER_REVIEW, _D.WITHDRAWN}),
    _D.UPHELD: frozenset({_D.UNDER_REVIEW}),
    _D.DISMISSED: frozenset({_D.UNDER_REVIEW}),
    _D.WITHDRAWN: frozenset(),
}

GRANT_CLAIM: Arrows[GrantClaimState] = {
    _G.DRAFT: frozenset({_G.SUBMITTED, _G.CANCELLED}),
    _G.SUBMITTED: frozenset({_G.CHANGES_REQUESTED, _G.ACCEPTED, _G.REJECTED, _G.CANCELLED}),
    _G.CHANGES_REQUESTED: frozenset({_G.SUBMITTED, _G.CANCELLED}),
    _G.ACCEPTED: frozenset({_G.PAID}),
    _G.REJECTED: frozenset(),
    _G.PAID: frozenset({_G.RECOVERY_REQUESTED}),
    _G.RECOVERY_REQUESTED: frozenset({_G.RECOVERED}),
    _G.RECOVERED: frozenset(),
    _G.CANCELLED: frozenset(),
}

PROGRESS: Mapping[ActivationState, int] = {
    _A.STOPPED: 0,
    _A.NONE: 1,
    _A.PLANNED: 2,
    _A.HABILITATION_REFUSED: 3,
    _A.HABILITATION_CHANGES_REQUESTED: 4,
    _A.HABILITATION_SUBMITTED: 5,
    _A.HABILITATION_GRANTED: 6,
    _A.IN_INTEGRATION: 7,
    _A.GO_LIVE_REQUESTED: 8,
    _A.SUSPENDED: 9,
    _A.IN_PRODUCTION: 10,
}
"""How far along its arrows an activation is: decides between two histories that meet."""


def check(arrows: Arrows[State], current: State, wanted: State) -> None:
    """Raise ``NotInThisState`` naming the state and those that may follow it."""
    allowed = arrows[current]
    if wanted not in allowed:
        listed = tuple(sorted(allowed))
        raise NotInThisState(refusal(current, wanted, listed), current, listed)


def refusal(current: str, wanted: str, allowed: tuple[str, ...]) -> str:
    following = ", ".join(allowed) if allowed else "aucun"
    return f"{current} ne peut pas devenir {wanted} ; états possibles : {following}"


@dataclass(frozen=True, slots=True)
class CommitmentRead:
    """The row in force and what it reads on the day asked."""

    row: Commitment
    state: CommitmentState

    @property
    def since(self) -> date:
        """A signature past its end reads as expired from the day after it."""
        end = self.row.valid_until
        if self.state is self.row.state or end is None:
            return self.row.effective_on
        return end + timedelta(days=1)


def commitment_as_read(
    state: CommitmentState, valid_until: date | None, day: date
) -> CommitmentState:
    """A signature past its own end reads as expired, whether or not that was recorded."""
    signed = state in (CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED)
    if signed and valid_until is not None and valid_until < day:
        return CommitmentState.EXPIRED
    return state
