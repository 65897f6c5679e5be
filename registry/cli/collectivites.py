"""One collectivité's answer in the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from models import Collectivite, Product, Source, Vendor
from registry.cli.french import Command
from registry.cli.output import console, display, shown, table, tell, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.scopes import AsOfOption
from registry.domain import collectivites, products, vendors
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.collectivites import CollectiviteFilter
from registry.domain.errors import InvalidInput
from registry.domain.rollout import answer
from registry.domain.rollout.situation import Contact
from registry.domain.rollout.verdicts import Verdict
from registry.domain.words import (
    ACTIVATION_STATES,
    DEMARCHES,
    KINDS,
    READINESS,
    SERVICES,
    VERDICTS,
)

VERDICT_ORDER = (
    Verdict.READY,
    Verdict.COST_UNKNOWN,
    Verdict.SURCHARGE,
    Verdict.NOT_INTEGRATED,
    Verdict.NOT_CONCERNED,
)


@program.command(cls=Command)
def collectivite(
    code: Annotated[str, typer.Argument(help="Code INSEE, SIREN ou SIRET.", metavar="CODE")],
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Ce qu’il en est d’une collectivité, et ce qu’elle peut faire."""
    day = as_of.date() if as_of else None
    found, named = reading(lambda session: _answered(session, code, day))
    records = [_use_record(use) for use in found.uses]
    if format is Format.JSON:
        write_json(_answer_record(found, named) | {"deployments": records})
    elif format is Format.CSV:
        write_csv(records, USE_COLUMNS)
    else:
        _answer_text(found)


@dataclass(frozen=True, slots=True)
class Named:
    """What an answer holds by number only: its EPCI, and whom to ask."""

    epci: Collectivite | None
    products: Mapping[int, Product]
    vendors: Mapping[int, Vendor]


async def _answered(
    session: AsyncSession, code: str, day: date | None
) -> tuple[answer.Answer, Named]:
    try:
        found = await answer.of_collectivite(session, ADMINISTRATOR, code, day)
    except InvalidInput as unknown:
        if await collectivites.count(session, CollectiviteFilter()):
            raise
        raise InvalidInput(unknown.field, f"{unknown} {EMPTY}") from unknown
    epci, contacts = found.collectivite.epci_id, found.next_step.contacts
    return found, Named(
        (await collectivites.by_ids(session, [epci]))[epci] if epci else None,
        await products.by_ids(session, [contact.product_id for contact in contacts]),
        await vendors.by_ids(session, [contact.vendor_id for contact in contacts]),
    )


EMPTY = (
    "Le registre ne connaît encore aucune collectivité : chargez la géographie par"
    " « raccord import referential --vintage 2026 »."
)

USE_COLUMNS = (
    "vendor_siren",
    "vendor_name",
    "product",
    "product_name",
    "verdict",
    "demarche",
    "since",
    "declared_by",
    "confirmed_by",
    "services",
)


def _use_record(use: answer.Use) -> dict[str, object]:
    link = use.deployment
    values = (
        use.vendor.siren,
        use.vendor.name,
        use.product.slug,
        use.product.name,
        use.verdict,
        link.demarche,
        link.since,
        link.declared_by,
        link.confirmed_by,
        "|".join(f"{step.service}={step.state}" for step in use.activations),
    )
    return dict(zip(USE_COLUMNS, values, strict=True))


def _answer_record(found: answer.Answer, named: Named) -> dict[str, object]:
    body, step = found.collectivite, found.next_step
    return {
        "as_of": found.as_of,
        "code": body.code,
        "siren": body.siren,
        "name": body.name,
        "kind": body.kind,
        "population": body.population,
        "departements": body.departements,
        "regions": body.regions,
        "epci": named.epci.siren if named.epci else None,
        "strata": body.strata,
        "readiness": found.readiness,
        "next_step": asdict(step)
        | {"contacts": [_contact_record(contact, named) for contact in step.contacts]},
    }


def _contact_record(contact: Contact, named: Named) -> dict[str, object]:
    return {
        "vendor_siren": named.vendors[contact.vendor_id].siren,
        "vendor_name": contact.vendor_name,
        "product": named.products[contact.product_id].slug,
        "product_name": contact.product_name,
        "address": contact.address,
    }


def _answer_text(found: answer.Answer) -> None:
    body = found.collectivite
    inhabitants = "" if body.population is None else f", {shown(body.population)} habitants"
    screen = console()
    screen.print(f"{body.name} ({KINDS[body.kind]} {body.code}{inhabitants})", style="bold")
    screen.print(f"Au {shown(found.as_of)} : {READINESS[found.readiness]}", style="bold")
    when = "" if found.as_of == today() else "Aujourd’hui : "
    tell(f"{when}{found.next_step.sentence}")
    if found.uses:
        display(_products_wide(found.uses), _products_narrow(found.uses))


def _products_wide(uses: Sequence[answer.Use]) -> Table:
    headers = (
        "Logiciel",
        "Éditeur",
        "Verdict",
        "Démarches",
        "Depuis",
        "Confirmé",
        "Services raccordés ou en cours",
    )
    grid = table("Ses logiciels", [(header, False) for header in headers])
    for links in _by_product(uses):
        first = links[0]
        grid.add_row(
            first.product.name,
            first.vendor.name,
            VERDICTS[first.verdict],
            ", ".join(_demarches(links)),
            _since(links),
            _confirmed(links),
            ", ".join(_services(links)) or "—",
        )
    return grid


def _products_narrow(uses: Sequence[answer.Use]) -> Table:
    headers = ("Logiciel", "Démarches", "Services")
    grid = table("Ses logiciels", [(header, False) for header in headers], tight=True)
    for links in _by_product(uses):
        first = links[0]
        name = (first.product.name, first.vendor.name, VERDICTS[first.verdict])
        used = (*_demarches(links), f"depuis le {_since(links)}", f"confirmé : {_confirmed(links)}")
        grid.add_row("\n".join(name), "\n".join(used), "\n".join(_services(links)) or "—")
        grid.add_row()
    return grid


def _by_product(uses: Sequence[answer.Use]) -> list[list[answer.Use]]:
    ordered = sorted(uses, key=lambda use: (VERDICT_ORDER.index(use.verdict), use.product.id))
    return [list(links) for _, links in groupby(ordered, key=lambda use: use.product.id)]


def _demarches(links: Sequence[answer.Use]) -> list[str]:
    return [DEMARCHES[use.deployment.demarche] for use in links]


def _since(links: Sequence[answer.Use]) -> str:
    return shown(min(use.deployment.since for use in links))


def _confirmed(links: Sequence[answer.Use]) -> str:
    """What the ministry declared needs nobody to confirm it."""
    sides = {
        use.deployment.confirmed_by is not None or use.deployment.declared_by is Source.MINISTRY
        for use in links
    }
    return "en partie" if len(sides) > 1 else shown(sides.pop())


def _services(links: Sequence[answer.Use]) -> list[str]:
    steps = (step for use in links for step in use.activations)
    return list(
        dict.fromkeys(f"{SERVICES[step.service]} {ACTIVATION_STATES[step.state]}" for step in steps)
    )
