"""The vendors and products that a page is told of, by their public keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from registry.auth.prices import BLOCKERS
from registry.domain import products, vendors
from registry.domain.pages import MAX_SIZE
from registry.domain.rollout.blockers import Blockers, Grouping, rank_blockers
from registry.domain.rollout.fixes import Fixes, by_keys
from registry.domain.rollout.scope import Scope
from registry.web import kept
from registry.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Choice:
    """``key`` is ``SIREN`` or ``SIREN/slug``."""

    key: str
    name: str
    address: str


async def blocking(visit: Visit, scope: Scope) -> Blockers:
    """The vendors that people may have in mind, most blocking first."""

    async def ranked(session: AsyncSession) -> Blockers:
        return await rank_blockers(session, scope, Grouping.VENDOR, first=MAX_SIZE)

    return await kept.read(visit, ("blocking", scope), ranked, BLOCKERS.of(scope))


async def read(session: AsyncSession, keys: Iterable[str], field: str) -> Fixes:
    """Raise ``InvalidInput`` for a key that nothing has."""
    given = dict.fromkeys(keys)
    return await by_keys(
        session,
        [key for key in given if "/" not in key],
        [key for key in given if "/" in key],
        field,
    )


async def named(session: AsyncSession, *fixes: Fixes) -> Mapping[Fixes, Sequence[Choice]]:
    """What each of them holds, vendors first, by name."""
    sold = await products.by_ids(session, sorted({one for each in fixes for one in each.products}))
    owners = {product.vendor_id for product in sold.values()}
    known = await vendors.by_ids(session, sorted(owners.union(*(each.vendors for each in fixes))))
    found: dict[Fixes, Sequence[Choice]] = {}
    for each in fixes:
        ones = [_vendor(known[one].siren, known[one].name) for one in each.vendors]
        others = [
            _product(known[product.vendor_id].siren, product.slug, product.name)
            for product in (sold[one] for one in each.products)
        ]
        found[each] = [*_by_name(ones), *_by_name(others)]
    return found


def _by_name(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda choice: (choice.name, choice.key))


def _vendor(siren: str, name: str) -> Choice:
    return Choice(siren, name, f"/editeurs/{siren}")


def _product(siren: str, slug: str, name: str) -> Choice:
    key = f"{siren}/{slug}"
    return Choice(key, name, f"/editeurs/{key}")
