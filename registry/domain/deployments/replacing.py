from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from models import Demarche, Deployment
from registry.domain.actor import Actor
from registry.domain.deployments.correcting import end
from registry.domain.deployments.declaring import Declaration, declare_each
from registry.domain.deployments.reading import by_ids
from registry.domain.errors import NotFound


async def replace(
    session: AsyncSession,
    actor: Actor,
    given: Declaration,
    demarches: Sequence[Demarche],
    former: Sequence[int],
) -> Deployment:
    """``declare_each``, and the end of the ``former`` links, all or none.

    They end the day the new ones begin; today where that day isn't known, or is before theirs.
    """
    rows = await by_ids(session, former)
    for deployment_id in former:
        row = rows.get(deployment_id)
        if row is None:
            raise NotFound("replaced", "Ce logiciel n’est plus parmi les vôtres.")
        later = given.since is not None and given.since > row.since
        until = given.since if later else None
        await end(session, actor, deployment_id, row.version, until)
    return await declare_each(session, actor, given, demarches)
