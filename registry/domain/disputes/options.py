"""What may be done of a dispute now, and why the rest may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Dispute, DisputeState
from registry.domain.actor import Actor
from registry.domain.disputes import moves, reading
from registry.domain.disputes.moves import CASE, Case
from registry.domain.disputes.reading import OPEN_STATES
from registry.domain.policy import Action, may
from registry.domain.words import DISPUTE_STATES


class Move(StrEnum):
    REVIEW = "REVIEW"
    ASK_REPLY = "ASK_REPLY"
    REPLY = "REPLY"
    UPHOLD = "UPHOLD"
    DISMISS = "DISMISS"
    WITHDRAW = "WITHDRAW"
    REOPEN = "REOPEN"


@dataclass(frozen=True, slots=True)
class Option:
    """``refusal``: why it can't be done now; None where it can."""

    move: Move
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    action: Action
    states: Sequence[DisputeState]
    otherwise: str


_REVIEWED = DISPUTE_STATES[DisputeState.UNDER_REVIEW]
_EXAMINED = f"La contestation est d’abord mise {_REVIEWED}."

RULES: Mapping[Move, _Rule] = {
    Move.REVIEW: _Rule(
        Action.EXAMINE_DISPUTE, moves.EXAMINED, f"Elle est déjà {_REVIEWED}, ou elle est close."
    ),
    Move.ASK_REPLY: _Rule(Action.EXAMINE_DISPUTE, (DisputeState.UNDER_REVIEW,), _EXAMINED),
    Move.REPLY: _Rule(Action.REPLY_TO_DISPUTE, (DisputeState.AWAITING_REPLY,), moves.NOT_ASKED),
    Move.UPHOLD: _Rule(Action.EXAMINE_DISPUTE, (DisputeState.UNDER_REVIEW,), _EXAMINED),
    Move.DISMISS: _Rule(Action.EXAMINE_DISPUTE, (DisputeState.UNDER_REVIEW,), _EXAMINED),
    Move.WITHDRAW: _Rule(Action.WITHDRAW_DISPUTE, OPEN_STATES, "Elle est close."),
    Move.REOPEN: _Rule(Action.REOPEN_DISPUTE, moves.ENDED, moves.NOT_ENDED),
}


async def of_dispute(
    session: AsyncSession, actor: Actor, dispute_id: int, day: date
) -> tuple[Option, ...]:
    """The moves that are the actor's, whatever their time."""
    found = await session.execute(CASE.where(col(Dispute.id) == dispute_id))
    dispute, product, town = found.one()
    steps = (await reading.steps(session, [dispute_id]))[dispute_id]
    subject = moves.parties(actor, product.vendor_id, town)
    case = Case(dispute, product, town, subject, steps)
    return tuple(
        Option(move, _refusal(case, move, day)) for move in Move if _is_its(actor, case, move)
    )


def _is_its(actor: Actor, case: Case, move: Move) -> bool:
    """An ended dispute is reopened by who lost it: see ``moves.reopen``."""
    ended = move is Move.REOPEN and case.state in moves.ENDED
    state = case.state if ended else None
    return may(actor, RULES[move].action, case.subject, state)


def _refusal(case: Case, move: Move, day: date) -> str | None:
    rule = RULES[move]
    if case.state not in rule.states:
        return rule.otherwise
    if move is Move.UPHOLD and not moves.had_its_say(case, day):
        return moves.NO_REPLY_YET
    return None
