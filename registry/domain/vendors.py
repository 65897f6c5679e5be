from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import CommitmentState, Vendor
from registry.domain import commitments, contacts, ledger, names, pages, texts, versions
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import AlreadyExists, Checks, InvalidInput, NotFound
from registry.domain.filters import among, checked_siren
from registry.domain.pages import Key, Ordering, Page, Slice
from registry.domain.policy import Action, Subject, authorise
from registry.domain.search import folded

LONGEST_STATEMENT = 500

LINEAGE = sa.text("""
    WITH RECURSIVE line AS (
        SELECT id, siren, parent_id FROM vendor WHERE id = :id
        UNION
        SELECT vendor.id, vendor.siren, vendor.parent_id
        FROM vendor JOIN line ON vendor.id = line.parent_id
    )
    SELECT siren FROM line
""")


class VendorOrder(StrEnum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    KEY_ASC = "KEY_ASC"
    KEY_DESC = "KEY_DESC"


@dataclass(frozen=True, slots=True)
class VendorFilter:
    """Every part narrows, and merged vendors are left out. ``commitment``: what the vendor-wide
    one reads today (``NONE``: also when nothing was ever recorded).
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


_ALIAS = orm.aliased(Vendor)
_MEANT = sa.func.coalesce(col(_ALIAS.merged_into_id), col(_ALIAS.id))


def meant_by(condition: Callable[[Any], sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """The ids that the SIREN under ``condition`` mean: a merged vendor's, the one it became."""
    return sa.select(_MEANT).where(condition(col(_ALIAS.siren)))


async def by_siren(session: AsyncSession, siren: str, field: str = "siren") -> Vendor | None:
    wanted = checked_siren(field, siren)
    meant = meant_by(lambda column: column == wanted).scalar_subquery()
    found: Vendor | None = await session.scalar(sa.select(Vendor).where(col(Vendor.id) == meant))
    return found


async def authorised(
    session: AsyncSession, actor: Actor, action: Action, siren: str, field: str = "siren"
) -> Vendor:
    """The vendor that the actor may act upon. Raises ``NotFound`` to those alone who might."""
    vendor = await by_siren(session, siren, field)
    authorise(actor, action, Subject(vendor=vendor.recorded_id if vendor else None))
    if vendor is None:
        raise NotFound(field, f"Aucun éditeur n’a le SIREN « {siren} ».")
    return vendor


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Vendor]:
    rows = await session.scalars(sa.select(Vendor).where(among(col(Vendor.id), ids)))
    return {row.id: row for row in rows if row.id is not None}


async def listed(
    session: AsyncSession, page: Page, wanted: VendorFilter, order: VendorOrder
) -> Slice[Vendor]:
    query = sa.select(Vendor).where(*await _conditions(session, wanted))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def count(session: AsyncSession, wanted: VendorFilter) -> int:
    query = sa.select(sa.func.count()).select_from(Vendor)
    return await session.scalar(query.where(*await _conditions(session, wanted))) or 0


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
    vendor = await by_siren(session, checked)
    if vendor is not None:
        await versions.check(session, vendor, vendor.version)
    key = vendor.siren if vendor else checked
    values = await _values(session, key, asdict(given)) | {"claimed_on": today()}
    if vendor is None:
        return await _record(session, "create", Vendor(siren=checked, **values))
    if vendor.claimed_on is not None:
        raise AlreadyExists("siren", f"{vendor.name} est déjà inscrit : modifier sa fiche.")
    return await _record(session, "claim", vendor, **values)


async def create(session: AsyncSession, actor: Actor, siren: str, given: VendorDetails) -> Vendor:
    """A record that the vendor may take over later."""
    authorise(actor, Action.CREATE_VENDOR)
    checked = checked_siren("siren", siren)
    known = await by_siren(session, checked)
    if known is not None:
        raise AlreadyExists("siren", f"Ce SIREN désigne déjà {known.name} ({known.siren}).")
    values = await _values(session, checked, asdict(given))
    return await _record(session, "create", Vendor(siren=checked, **values))


async def edit(
    session: AsyncSession,
    actor: Actor,
    siren: str,
    version: int,
    changes: Mapping[str, str | None],
) -> Vendor:
    """``changes`` are fields of ``VendorDetails``: those that are absent stay as they are."""
    vendor = await authorised(session, actor, Action.EDIT_VENDOR, siren)
    await versions.check(session, vendor, version)
    values = await _values(session, vendor.siren, changes)
    return await _record(session, "edit", vendor, **values)


async def publish_statement(
    session: AsyncSession, actor: Actor, siren: str, statement: str | None
) -> Vendor:
    """What stands wherever the vendor is named as blocking; nothing removes it."""
    vendor = await authorised(session, actor, Action.PUBLISH_STATEMENT, siren)
    text = texts.optional("statement", statement, LONGEST_STATEMENT)
    said_on = today() if text else None
    return await _record(session, "publish", vendor, statement=text, statement_on=said_on)


_CHECKS: Mapping[str, Callable[[str, str | None], str | None]] = {
    "name": lambda field, text: texts.required(field, text or "", 200),
    "website": texts.url,
    "contact": contacts.contact,
}


async def _values(
    session: AsyncSession, siren: str, given: Mapping[str, str | None]
) -> dict[str, Any]:
    checks = Checks()
    values: dict[str, Any] = {}
    for field, check in _CHECKS.items():
        if field in given:
            with checks:
                values[field] = check(field, given[field])
    if "parent_siren" in given:
        with checks:
            values["parent_id"] = await _parent(session, siren, given["parent_siren"])
    checks.settle()
    if "name" in values:
        values["search"] = folded(values["name"], siren)
    return values


async def _parent(session: AsyncSession, siren: str, parent_siren: str | None) -> int | None:
    if parent_siren is None:
        return None
    parent = await by_siren(session, parent_siren, "parent_siren")
    if parent is None or parent.siren == siren:
        raise InvalidInput("parent_siren", "Un autre éditeur du registre est attendu.")
    if siren in await lineage(session, parent.recorded_id):
        raise InvalidInput("parent_siren", f"{parent.name} dépend déjà de cet éditeur.")
    return parent.id


async def lineage(session: AsyncSession, vendor_id: int) -> frozenset[str]:
    """The SIREN of the vendor and of all those that it depends on."""
    return frozenset(await session.scalars(LINEAGE, {"id": vendor_id}))


async def _record(session: AsyncSession, action: str, vendor: Vendor, **values: Any) -> Vendor:
    """What changes nothing leaves no trace."""
    vendor.sqlmodel_update(values)
    session.add(vendor)
    if session.is_modified(vendor):
        await session.flush()
        await ledger.append(session, action, "vendor", [vendor.recorded_id])
    return vendor


async def _conditions(session: AsyncSession, wanted: VendorFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [col(Vendor.merged_into_id).is_(None)]
    if wanted.text is not None:
        conditions.append(await names.called(session, "vendor", col(Vendor.id), wanted.text))
    if wanted.sirens is not None:
        sirens = [checked_siren("siren", siren) for siren in wanted.sirens]
        meant = meant_by(lambda column: among(column, sirens))
        conditions.append(col(Vendor.id).in_(meant))
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
