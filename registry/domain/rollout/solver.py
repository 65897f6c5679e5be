"""The best choice for a question, by HiGHS, and what is proven of it.

What is sought is solved in turn, each value found being kept for what follows. A value is the best
where the solver's bound, a whole number once rounded, comes to it; the values are counted on the
set itself, never read from the solver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from time import monotonic
from typing import TYPE_CHECKING

from registry.domain.rollout.covering import (
    Objective,
    Question,
    Result,
    first_choice,
    preference,
    priorities,
    result,
)

if TYPE_CHECKING:
    from highspy import HighsLp

ROUNDING = 1e-4
"""What the solver's arithmetic may take from a whole number."""
WITHIN_ONE = 0.99
"""A whole number this close to its bound cannot be improved."""
OPTIONS: Mapping[str, bool | int | float] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": WITHIN_ONE,
}
"""One thread and one seed: the same question has the same answer."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``bounds``: what no choice does better than, given the values sought before it; there is
    none for an objective that was not come to in time.
    """

    chosen: tuple[int, ...]
    reached: Result
    bounds: Result

    @property
    def optimal(self) -> bool:
        return self.bounds == self.reached


@dataclass(frozen=True, slots=True)
class Model:
    """Columns: each candidate, taken or not; each set of several candidates, met or not; what
    each target still lacks. Rows, written one after the other: a set is met by one of its own;
    a target is met but for what it lacks; each objective, free until its value is kept.
    """

    candidates: int
    sets: tuple[tuple[int, ...], ...]
    least_lacks: tuple[int, ...]
    needs: tuple[int, ...]
    starts: tuple[int, ...]
    columns: tuple[int, ...]
    values: tuple[float, ...]
    costs: Mapping[Objective, tuple[float, ...]]
    at_most: int

    @property
    def width(self) -> int:
        return self.candidates + len(self.sets) + len(self.needs)


def solve(question: Question, time_limit: float) -> Choice:
    """At most about ``time_limit`` seconds, after which the best set found is returned."""
    deadline = monotonic() + time_limit
    chosen = first_choice(question)
    reached = result(question, chosen)
    best = result(question, range(question.candidates)) | {Objective.STEPS: 0}
    bounds: Result = {}
    model: Model | None = None
    for objective in priorities(question):
        bounds[objective] = best[objective]
        if reached[objective] != best[objective] and monotonic() < deadline:
            model = model or build(question)
            kept = {one: reached[one] for one in bounds if one is not objective}
            # HiGHS refuses a limit below zero, and then has none.
            limit = max(0.0, deadline - monotonic())
            found, bound = optimise(model, objective, kept, chosen, time_limit=limit)
            bounds[objective] = _tighter(objective, bound, best[objective])
            there = result(question, found)
            if preference(question, there) < preference(question, reached):
                chosen, reached = found, there
        if bounds[objective] != reached[objective]:
            break
    return Choice(tuple(sorted(chosen)), reached, bounds)


def _tighter(objective: Objective, bound: float, known: int) -> int:
    """``bound`` is of a quantity to be made small."""
    if not isfinite(bound):
        return known
    if objective is Objective.UNLOCKED:
        return min(known, -ceil(bound - ROUNDING))
    return max(known, ceil(bound - ROUNDING))


def build(question: Question) -> Model:
    several = sorted({g.candidates for g in question.groups if len(g.candidates) > 1})
    lacks = question.candidates + len(several)
    width = lacks + len(question.needs)
    place = {one: question.candidates + index for index, one in enumerate(several)}
    place |= {(candidate,): candidate for candidate in range(question.candidates)}
    rows: list[dict[int, float]] = [{place[one]: 1.0} | dict.fromkeys(one, -1.0) for one in several]
    targets: list[dict[int, float]] = [{lacks + t: 1.0} for t in range(len(question.needs))]
    unlocked: dict[int, float] = {}
    for group in question.groups:
        column = place[group.candidates]
        unlocked[column] = unlocked.get(column, 0.0) + group.size
        for target, count in zip(targets, group.counts, strict=True):
            if count:
                target[column] = target.get(column, 0.0) + count
    objectives = {
        Objective.GAP: dict.fromkeys(range(lacks, width), 1.0),
        Objective.STEPS: dict.fromkeys(range(question.candidates), 1.0),
        Objective.UNLOCKED: {column: -size for column, size in unlocked.items()},
    }
    rows += [*targets, *(objectives[one] for one in Objective)]
    reachable = [sum(group.counts[t] for group in question.groups) for t in range(len(targets))]
    return Model(
        candidates=question.candidates,
        sets=tuple(several),
        least_lacks=tuple(
            max(0, need - most) for need, most in zip(question.needs, reachable, strict=True)
        ),
        needs=question.needs,
        starts=_starts(rows),
        columns=tuple(column for row in rows for column in row),
        values=tuple(value for row in rows for value in row.values()),
        costs={
            one: tuple(row.get(column, 0.0) for column in range(width))
            for one, row in objectives.items()
        },
        at_most=question.candidates if question.at_most is None else question.at_most,
    )


def _starts(rows: Sequence[Mapping[int, float]]) -> tuple[int, ...]:
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    return tuple(starts)


def optimise(
    model: Model,
    objective: Objective,
    kept: Mapping[Objective, int],
    start: Sequence[int],
    *,
    time_limit: float,
) -> tuple[tuple[int, ...], float]:
    """The candidates of the best solution found (``start`` where none is), and the bound."""
    # HiGHS and numpy take a fifth of a second to import, which a service that starts must not pay.
    # Its public class writes a banner on stdout as it is made, among what a command writes there.
    from highspy import HighsSolution
    from highspy._core import _Highs

    highs = _Highs()
    for name, value in {**OPTIONS, "time_limit": time_limit}.items():
        highs.setOptionValue(name, value)
    highs.passModel(stated(model, objective, kept))
    solution = HighsSolution()
    solution.col_value = _columns_of(model, start)
    highs.setSolution(solution)
    highs.run()
    information = highs.getInfo()
    found = highs.getSolution().col_value[: model.candidates]
    if not found or not isfinite(information.objective_function_value):
        return tuple(start), information.mip_dual_bound
    taken = tuple(index for index, value in enumerate(found) if value > 0.5)
    return taken, information.mip_dual_bound


def stated(model: Model, objective: Objective, kept: Mapping[Objective, int]) -> "HighsLp":
    """The model as HiGHS takes it; the values ``kept`` may not get worse."""
    import highspy
    import numpy as np

    parts = model.width - len(model.needs)
    lower, upper = _row_bounds(model, kept)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = model.width, len(model.starts) - 1
    lp.col_cost_ = np.array(model.costs[objective])
    lp.col_lower_ = np.array([*[0.0] * parts, *model.least_lacks], float)
    lp.col_upper_ = np.array([*[1.0] * parts, *model.needs], float)
    lp.row_lower_, lp.row_upper_ = np.array(lower), np.array(upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(model.starts, np.int32)
    lp.a_matrix_.index_ = np.array(model.columns, np.int32)
    lp.a_matrix_.value_ = np.array(model.values)
    whole, any_part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    others = model.width - model.candidates
    lp.integrality_ = [whole] * model.candidates + [any_part] * others
    return lp


def _row_bounds(model: Model, kept: Mapping[Objective, int]) -> tuple[list[float], list[float]]:
    best = {
        one: float(-value if one is Objective.UNLOCKED else value) for one, value in kept.items()
    }
    ceilings = {Objective.STEPS: float(model.at_most)} | best
    lower = [-inf] * len(model.sets) + [*map(float, model.needs)] + [-inf] * len(Objective)
    upper = [0.0] * len(model.sets) + [inf] * len(model.needs)
    return lower, upper + [ceilings.get(one, inf) for one in Objective]


def _columns_of(model: Model, chosen: Sequence[int]) -> list[float]:
    """What each column is worth once these candidates are taken."""
    taken = set(chosen)
    met = [float(candidate in taken) for candidate in range(model.candidates)]
    met += [float(not taken.isdisjoint(one)) for one in model.sets]
    lacks = []
    for target, need in enumerate(model.needs, start=len(model.sets)):
        entries = range(model.starts[target], model.starts[target + 1])
        counted = sum(
            met[model.columns[entry]] * model.values[entry]
            for entry in entries
            if model.columns[entry] < len(met)
        )
        lacks.append(max(0.0, need - counted))
    return met + lacks
