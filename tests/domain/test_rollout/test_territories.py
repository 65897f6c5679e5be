"""The départements together say what each of them says alone."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given

from registry.database import Database
from registry.domain.clock import today
from registry.domain.rollout import upkeep
from registry.domain.rollout.coverage import measure
from registry.domain.rollout.scope import Scope as AskedScope
from registry.domain.rollout.territories import Share, by_departement
from tests.domain.test_rollout.asking import as_asked
from tests.domain.test_rollout.loading import Loaded, loaded
from tests.domain.test_rollout.test_against_oracle import questions, steadily
from tests.oracle import Scope, World


async def one_by_one(registry: Loaded, scope: AskedScope, codes: set[str]) -> dict[str, Share]:
    found = {}
    for code in codes:
        counts = (await measure(registry.session, replace(scope, departement=code))).total.counts
        if counts.total:
            found[code] = Share(code, counts.total, counts.connected, counts.ready)
    return found


@steadily
@given(questions(3))
async def test_each_departement_of_every_scope(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    world, asked = question
    codes = {code for body in world.bodies for code in body.departements}
    async with loaded(database, world) as registry:
        for one in asked:
            scope = replace(as_asked(one), departement=None)
            expected = await one_by_one(registry, scope, codes)
            assert await by_departement(registry.session, scope) == expected
        await upkeep.derive(registry.session, today())
        for one in asked:
            scope = replace(as_asked(one), departement=None, demarche=None, as_of=today())
            expected = await one_by_one(registry, scope, codes)
            assert await by_departement(registry.session, scope) == expected
