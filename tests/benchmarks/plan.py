"""The national plan, from the question to its steps, against HiGHS on the bare model alone."""

from registry.domain.rollout.covering import Objective, result
from registry.domain.rollout.plan import Wishes, draw_up, read_ground
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.solver import build, optimise
from tests.benchmarks.stage import Stage
from tests.benchmarks.timing import Row, compare, timed

PATIENCE = 60.0


async def planned(stage: Stage) -> Row:
    """HiGHS gets the model as it is: sets already grouped, nothing to read or to tell, no set to
    start from; its two questions are the program's, the fewest steps and then the most unlocked.
    """
    async with stage.database.read() as session:
        question = (await read_ground(session, Scope(), Wishes())).question

    async def ours() -> float:
        return await timed(
            lambda: draw_up(stage.database.read, Scope(), Wishes(), time_limit=PATIENCE)
        )

    async def bare() -> None:
        model = build(question)
        kept = {Objective.GAP: result(question, range(question.candidates))[Objective.GAP]}
        chosen: tuple[int, ...] = ()
        for objective in (Objective.STEPS, Objective.UNLOCKED):
            chosen, _ = optimise(model, objective, kept, chosen, time_limit=PATIENCE)
            kept[objective] = result(question, chosen)[objective]

    return await compare(
        "plan national, prouvé", ours, lambda: timed(bare), must=2, aim=1.2, faster=False
    )
