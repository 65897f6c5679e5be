from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import CommitmentState, Vendor
from registry.domain import commitments, ledger, pages, texts
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import AlreadyExists, Checks, InvalidInput
from registry.domain.filters import among, checked_siren, matching
from registry.domain.pages import Key, Ordering, Page, Slice
from registry.domain.policy import Action, Subject, authorise
from registry.domain.search import folded


class VendorOrder(StrEnum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    KEY_ASC = "KEY_ASC"
    KEY_DESC = "KEY_DESC"


@dataclass(frozen=True, slots=True)
class VendorFilter:
    """Every part narrows. ``commitment``: what the vendor-wide one reads today (``NONE``: also
    when nothing was ever recorded).
    """

    text: str | None = None
    sirens: tuple[str, ...] | None = None
    commitment: CommitmentState | None = None


_NAME = sa.collate(col(Vendor.search), "C")
_SIREN = sa.type_coerce(col(Vendor.siren), sa.Text)

ORDERINGS = {
    VendorOrder.NAME_ASC: Ordering("vendor.name", (Key(_NAME), Key(_SIREN))),
    VendorOrder.NAME_DESC: Ordering(
        "vendor.name.desc", (Key(_NAME, descending=True), Key(_SIREN, descending=True))
    ),
    VendorOrder.KEY_ASC: Ordering("vendor.key", (Key(_SIREN),)),
    VendorOrder.KEY_DESC: Ordering("vendor.key.desc", (Key(_SIREN, descending=True),)),
}


async def by_siren(session: AsyncSession, siren: str) -> Vendor | None:
    wanted = checked_siren("siren", siren)
    found: Vendor | None = await session.scalar(
        sa.select(Vendor).where(col(Vendor.siren) == wanted)
    )
    return found


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Vendor]:
    rows = await session.scalars(sa.select(Vendor).where(among(col(Vendor.id), ids)))
    return {row.id: row for row in rows if row.id is not None}


async def listed(
    session: AsyncSession, page: Page, wanted: VendorFilter, order: VendorOrder
) -> Slice[Vendor]:
    query = sa.select(Vendor).where(*_conditions(wanted))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def count(session: AsyncSession, wanted: VendorFilter) -> int:
    query = sa.select(sa.func.count()).select_from(Vendor).where(*_conditions(wanted))
    return await session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class VendorDetails:
    """``contact`` is a functional mailbox or a page, never a person."""

    name: str
    website: str | None = None
    contact: str | None = None
    parent_siren: str | None = None


async def register(session: AsyncSession, actor: Actor, siren: str, given: VendorDetails) -> Vendor:
    """One's own organisation becomes a vendor, or takes its record over where it has one."""
    checked = checked_siren("siren", siren)
    authorise(actor, Action.REGISTER_VENDOR, Subject(siren=checked))
    values = await _values(session, checked, given)
    vendor = await by_siren(session, checked)
    if vendor is not None and vendor.claimed_on is not None:
        raise AlreadyExists("siren", f"{vendor.name} est déjà inscrit : modifier sa fiche.")
    values |= {"claimed_on": today()}
    if vendor is None:
        return await _record(session, actor, "create", Vendor(siren=checked, **values))
    return await _record(session, actor, "claim", vendor, **values)


async def _values(session: AsyncSession, siren: str, given: VendorDetails) -> dict[str, Any]:
    checks = Checks()
    values: dict[str, Any] = {}
    with checks:
        values["name"] = texts.required("name", given.name, 200)
        values["search"] = folded(values["name"], siren)
    with checks:
        values["website"] = texts.url("website", given.website)
    with checks:
        values["contact"] = texts.contact("contact", given.contact)
    with checks:
        values["parent_id"] = await _parent(session, siren, given.parent_siren)
    checks.settle()
    return values


async def _parent(session: AsyncSession, siren: str, parent_siren: str | None) -> int | None:
    if parent_siren is None:
        return None
    parent = await by_siren(session, checked_siren("parent_siren", parent_siren))
    if parent is None or parent.siren == siren:
        raise InvalidInput("parent_siren", "Un autre éditeur du registre est attendu.")
    return parent.id


async def _record(
    session: AsyncSession, actor: Actor, action: str, vendor: Vendor, **values: Any
) -> Vendor:
    vendor.sqlmodel_update(values)
    session.add(vendor)
    await session.flush()
    await ledger.append(session, actor, action, "vendor", [vendor.recorded_id])
    return vendor


def _conditions(wanted: VendorFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.text is not None:
        conditions.append(matching(col(Vendor.search), wanted.text))
    if wanted.sirens is not None:
        sirens = [checked_siren("siren", siren) for siren in wanted.sirens]
        conditions.append(among(col(Vendor.siren), sirens))
    if wanted.commitment is not None:
        conditions.append(_commitment_reads(wanted.commitment))
    return conditions


def _commitment_reads(state: CommitmentState) -> sa.ColumnElement[bool]:
    reading: sa.ScalarSelect[Any] = (
        commitments.vendor_wide_state(today())
        .where(col(Vendor.id) == commitments.VENDOR_ID)
        .scalar_subquery()
    )
    return sa.func.coalesce(reading, CommitmentState.NONE.value) == state.value
