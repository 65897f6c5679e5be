"""DataPass's list into the registry: it adds what nobody said yet, and overwrites nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Demarche, EvidenceLevel, IntegrationState, Source
from registry.domain import ledger
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Conflict
from registry.domain.policy import Action, authorise
from registry.domain.search import folded
from registry.domain.transitions import INTEGRATION, refusal
from registry.domain.turns import take_turn
from registry.exchange.bundle.faults import Fault
from registry.exchange.datapass.entries import Claim, Entry, Reading, read

ADD_VENDORS = sa.text("""
    INSERT INTO vendor (siren, name, search)
    SELECT siren, name, search
    FROM unnest(CAST(:siren AS text[]), CAST(:name AS text[]), CAST(:search AS text[]))
         WITH ORDINALITY AS entry(siren, name, search, position)
    ORDER BY position
    ON CONFLICT (siren) DO NOTHING RETURNING id
""")

ADD_PRODUCTS = sa.text("""
    INSERT INTO product (vendor_id, slug, name, delivery_model, citizen_login, demarches, search)
    SELECT vendor_id, slug, entry.name, delivery_model, true, :demarches, entry.search
    FROM unnest(CAST(:siren AS text[]), CAST(:slug AS text[]), CAST(:name AS text[]),
                CAST(:delivery_model AS text[]), CAST(:search AS text[]))
         WITH ORDINALITY AS entry(siren, slug, name, delivery_model, search, position)
    JOIN vendor_key USING (siren)
    WHERE NOT EXISTS (SELECT FROM product_key AS known
                      WHERE known.vendor_siren = entry.siren AND known.slug = entry.slug)
    ORDER BY position
    ON CONFLICT (vendor_id, slug) DO NOTHING RETURNING id
""")

COMPARE = sa.text("""
    SELECT DISTINCT ON (product_id, service) position, product_id, last_id, claimed.state,
           claimed.effective_on,
           other.declared_by AS said_by, other.state AS said, other.effective_on AS said_on
    FROM (
        SELECT claim.*, product_key.product_id, last.id AS last_id,
               coalesce(last.state, 'NONE') AS state, last.effective_on
        FROM unnest(CAST(:siren AS text[]), CAST(:slug AS text[]), CAST(:service AS text[]),
                    CAST(:value AS boolean[]))
             WITH ORDINALITY AS claim(siren, slug, service, value, position)
        JOIN product_key ON product_key.vendor_siren = claim.siren
                        AND product_key.slug = claim.slug
        LEFT JOIN integration AS last ON last.product_id = product_key.product_id
             AND last.service = claim.service AND last.effective_until IS NULL
    ) AS claimed
    LEFT JOIN LATERAL (
        SELECT declared_by, state, effective_on FROM integration
        WHERE integration.product_id = claimed.product_id
          AND integration.service = claimed.service AND declared_by <> 'DATAPASS'
        ORDER BY effective_on DESC, id DESC LIMIT 1
    ) AS other ON true
    ORDER BY product_id, service, value DESC, position
""")
"""One row for each product and service; a ``true`` is heard before a ``false``."""

END_STEPS = sa.text("""
    UPDATE integration SET effective_until = :day
    WHERE id = ANY(:ids) AND effective_until IS NULL RETURNING id
""")

ADD_STEPS = sa.text("""
    INSERT INTO integration (product_id, service, state, effective_on, evidence_level,
                             declared_by, actor, organisation, reason)
    SELECT product_id, service, :state, :day, :level, :source, :actor, :organisation, reason
    FROM unnest(CAST(:product_id AS bigint[]), CAST(:service AS text[]), CAST(:reason AS text[]))
         AS step(product_id, service, reason)
    RETURNING id
""")

SPEAKERS = {
    Source.VENDOR: "l’éditeur",
    Source.COLLECTIVITE: "une collectivité",
    Source.OPERATOR: "un opérateur",
    Source.MINISTRY: "le ministère",
}

Step = tuple[sa.Row[Any], Claim]


@dataclass(frozen=True, slots=True)
class Report:
    """``created``: rows by noun; nothing that stood before is ever changed. ``kept``: entries
    taken. ``faults``: entries that were not, with the reason. ``warnings``: what was left out of
    an entry that was kept.
    """

    created: Mapping[str, int]
    kept: int
    faults: Sequence[Fault]
    warnings: Sequence[Fault]

    @property
    def nothing(self) -> bool:
        return not self.created


async def import_datapass(session: AsyncSession, actor: Actor, path: Path) -> Report:
    """Keep every entry that can be, and say why of the others.

    Raise ``NotAllowed``, or ``BundleRefused`` with one fault when the file can't be used at all.
    """
    authorise(actor, Action.IMPORT)
    reading = read(path)
    await take_turn(session)
    written = {
        "vendor": await _add_vendors(session, reading.entries),
        "product": await _add_products(session, reading.entries),
        "integration": await _add_steps(session, actor, reading),
    }
    for noun, ids in written.items():
        await ledger.append(session, "import", noun, ids)
    return Report(
        {noun: len(ids) for noun, ids in written.items() if ids},
        len(reading.entries),
        sorted(reading.faults),
        sorted(reading.warnings),
    )


async def _add_vendors(session: AsyncSession, entries: Sequence[Entry]) -> Sequence[int]:
    values = {
        "siren": [entry.siren for entry in entries],
        "name": [entry.name for entry in entries],
        "search": [folded(entry.name, entry.siren) for entry in entries],
    }
    return (await session.execute(ADD_VENDORS, values)).scalars().all()


async def _add_products(session: AsyncSession, entries: Sequence[Entry]) -> Sequence[int]:
    """DataPass doesn't say which démarches a product covers: « AUTRE » until someone does."""
    values = {
        "siren": [entry.siren for entry in entries],
        "slug": [entry.slug for entry in entries],
        "name": [entry.name for entry in entries],
        "delivery_model": [entry.delivery_model for entry in entries],
        "search": [folded(entry.name, entry.slug) for entry in entries],
        "demarches": [Demarche.AUTRE],
    }
    return (await session.execute(ADD_PRODUCTS, values)).scalars().all()


async def _add_steps(session: AsyncSession, actor: Actor, reading: Reading) -> Sequence[int]:
    day = today()
    steps = await _steps(session, reading, day)
    ended = [row.last_id for row, _ in steps if row.last_id is not None]
    if len([*await session.scalars(END_STEPS, {"day": day, "ids": ended})]) < len(ended):
        raise Conflict("Une déclaration a changé pendant l’import : le refaire.")
    values = {
        "product_id": [row.product_id for row, _ in steps],
        "service": [claim.service for _, claim in steps],
        "reason": [f"DataPass : {claim.flag}" for _, claim in steps],
        "state": IntegrationState.QUALIFIED,
        "day": day,
        "level": EvidenceLevel.SELF_DECLARED,
        "source": Source.DATAPASS,
        "actor": actor.name,
        "organisation": actor.organisation,
    }
    return (await session.execute(ADD_STEPS, values)).scalars().all()


async def _steps(session: AsyncSession, reading: Reading, day: date) -> list[Step]:
    """The claims to record; those that may not be are told as warnings."""
    claims = [(entry, claim) for entry in reading.entries for claim in entry.claims]
    values = {
        "siren": [entry.siren for entry, _ in claims],
        "slug": [entry.slug for entry, _ in claims],
        "service": [claim.service for _, claim in claims],
        "value": [claim.value for _, claim in claims],
    }
    steps: list[Step] = []
    for row in (await session.execute(COMPARE, values)).all():
        entry, claim = claims[row.position - 1]
        reason = _objection(row, claim, day)
        if reason is not None:
            value = str(claim.value).lower()
            place = f"{entry.slug}.{claim.flag}"
            reading.warn(claim.line, place, value, f"{claim.service} : {reason}")
        elif claim.value and row.state != IntegrationState.QUALIFIED:
            steps.append((row, claim))
    return steps


def _objection(row: sa.Row[Any], claim: Claim, day: date) -> str | None:
    qualified = row.state == IntegrationState.QUALIFIED
    if not claim.value:
        return "reste QUALIFIED, un « false » de DataPass ne retire rien" if qualified else None
    if row.said_by is not None:
        return (
            f"{SPEAKERS[Source(row.said_by)]} a déclaré {row.said} le {row.said_on} ;"
            " DataPass ne remplace jamais une déclaration"
        )
    if qualified:
        return None
    if IntegrationState.QUALIFIED not in (following := INTEGRATION[IntegrationState(row.state)]):
        return refusal(row.state, IntegrationState.QUALIFIED, tuple(sorted(following)))
    if row.effective_on is not None and row.effective_on > day:
        return f"l’état {row.state} est daté du {row.effective_on}, après aujourd’hui"
    return None
