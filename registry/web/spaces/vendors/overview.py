"""What waits for the vendor, and where it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Integration, Product
from registry.domain import commitments, products, tasks
from registry.domain.clients import ClientsOf
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.rollout import blockers, clientele
from registry.domain.rollout.blockers import Blocker
from registry.domain.rollout.scope import Scope
from registry.domain.tasks import Task, TaskKind
from registry.web.spaces.vendors import standing
from registry.web.spaces.vendors.space import Space
from registry.web.spaces.vendors.standing import Standing

RANKED = 200
UNREACHED = (TaskKind.MAILBOX_MISSING, TaskKind.MESSAGES_UNDELIVERED)
COMMITMENTS = (TaskKind.COMMITMENT_INVITED, TaskKind.COMMITMENT_EXPIRING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task, and the page where it is done."""

    task: Task
    address: str


async def show(space: Space) -> Response:
    vendor, day = space.vendor.recorded_id, space.visit.today
    async with space.visit.database.read() as session:
        owned = await products.of_vendor(session, vendor)
        standings = await standing.read(session, owned, day)
        wide = (await commitments.vendor_wide(session, [vendor], day)).get(vendor)
        clients = await clientele.totals(session, ClientsOf.VENDOR, [vendor], day)
        waiting = await _waiting(session, space, standings)
        ranked = await blockers.rank_own(session, Scope(), [vendor], first=RANKED)
        opened = await disputes.open_counts(session, [vendor], Holder.VENDOR)
    blocking = {row.product_id: row for row in ranked[vendor].rows}
    return space.page(
        "overview.html",
        standings=_most_blocking_first(standings.values(), blocking),
        clients=clients.get(vendor, 0),
        wide=wide,
        waiting=waiting,
        blocking=blocking,
        open_disputes=opened.get(vendor, 0),
    )


def _most_blocking_first(
    found: Iterable[Standing], blocking: Mapping[int | None, Blocker]
) -> list[Standing]:
    """Then what is still to be done, then the others, in the order given."""

    def key(each: Standing) -> tuple[bool, int, bool]:
        blocker = blocking.get(each.product.recorded_id)
        return (blocker is None, blocker.rank if blocker else 0, each.obstacle is None)

    return sorted(found, key=key)


async def _waiting(
    session: AsyncSession, space: Space, standings: Mapping[int, Standing]
) -> list[Waiting]:
    """Those of this vendor alone, whatever else its people are."""
    actor = replace(
        space.visit.actor, vendors=frozenset({space.vendor.recorded_id}), collectivites=frozenset()
    )
    months = space.visit.door.settings.stale_after_months
    found = await tasks.listed(session, actor, space.visit.today, months)
    of_vendor = [task for task in found if task.queue_kind is None]
    slugs = await _slugs(session, of_vendor, standings)
    steps = {
        row.recorded_id: row for each in standings.values() for row in each.integrations.values()
    }
    owned = {key: each.product for key, each in standings.items()}
    return [Waiting(task, space.to(_address(task, slugs, steps, owned))) for task in of_vendor]


async def _slugs(
    session: AsyncSession, found: Sequence[Task], standings: Mapping[int, Standing]
) -> dict[int, str]:
    """For each commitment of a product alone that a task is about, which one."""
    ids = [task.subject_id for task in found if task.kind in COMMITMENTS and task.subject_id]
    rows = await commitments.by_ids(session, ids) if ids else {}
    return {
        key: standings[row.product_id].product.slug
        for key, row in rows.items()
        if row.product_id is not None and row.product_id in standings
    }


def _address(
    task: Task,
    slugs: Mapping[int, str],
    steps: Mapping[int, Integration],
    owned: Mapping[int, Product],
) -> str:
    subject = task.subject_id or 0
    if task.kind is TaskKind.DISPUTE_TO_ANSWER:
        return f"contestations/{subject}"
    if task.kind is TaskKind.COMMITMENT_EXPIRING:
        return "engagement"
    if task.kind in COMMITMENTS:
        slug = slugs.get(subject)
        return "engagement/signature" + (f"?product={slug}" if slug else "")
    if task.kind is TaskKind.LINKS_TO_CONFIRM:
        return "clients?confirme=vous"
    if task.kind in UNREACHED:
        return "fiche"
    step = steps.get(subject)
    if step is None:
        return "logiciels"
    return f"logiciels/{owned[step.product_id].slug}/services/{step.service.value}"
