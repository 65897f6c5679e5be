"""What would be ready if some software became so."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from registry.cli.coverage import coverage_records
from registry.cli.french import Command
from registry.cli.output import counted, display, shown, table, tell, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.scopes import (
    AsOfOption,
    BasisOption,
    DemarcheOption,
    DepartementOption,
    EpciOption,
    RegionOption,
    StratumOption,
    scope_of,
)
from registry.domain.rollout import fixes
from registry.domain.rollout.coverage import Counts, StratumCoverage, TotalCoverage
from registry.domain.rollout.scope import Basis
from registry.domain.rollout.simulation import Simulation, simulate
from registry.domain.words import STRATA

VendorsOption = Annotated[
    list[str] | None,
    typer.Option("--vendor", help="SIREN d’un éditeur, répétable.", metavar="SIREN"),
]
ProductsOption = Annotated[
    list[str] | None,
    typer.Option("--product", help="Clé d’un logiciel, répétable.", metavar="SIREN/SLUG"),
]
MOVING = {
    "ready": "Prêtes",
    "ready_unverified": "sur parole",
    "cost_unknown": "Coût inconnu",
    "blocked_by_surcharge": "Surcoût",
    "blocked_by_software": "Logiciel",
}


@program.command("simulate", cls=Command)
def simulation(
    vendor: VendorsOption = None,
    product: ProductsOption = None,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Ce qui serait prêt si ces éditeurs ou ces logiciels l’étaient ; rien n’est écrit."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, as_of)

    async def answer(session: AsyncSession) -> Simulation:
        given = await fixes.by_keys(session, vendor or (), product or (), "fixes")
        return await simulate(session, scope, given)

    found = reading(answer)
    write = {Format.JSON: _json, Format.CSV: _csv, Format.TABLE: _table}
    write[format](found)


def _json(found: Simulation) -> None:
    before, after = coverage_records(found.before), coverage_records(found.after)
    write_json(
        {
            "as_of": found.before.as_of,
            "unlocked": found.unlocked,
            "before": {"strata": before[:-1], "total": before[-1]},
            "after": {"strata": after[:-1], "total": after[-1]},
        }
    )


def _csv(found: Simulation) -> None:
    records = [
        {"side": side, **record}
        for side, coverage in (("before", found.before), ("after", found.after))
        for record in coverage_records(coverage)
    ]
    write_csv(records, list(records[0]))


Line = StratumCoverage | TotalCoverage


def _table(found: Simulation) -> None:
    lines: list[tuple[str, Line, Line]] = [
        (STRATA[one.stratum], one, other)
        for one, other in zip(found.before.strata, found.after.strata, strict=True)
    ]
    lines.append(("Ensemble (chacune une fois)", found.before.total, found.after.total))
    title = f"Simulation au {shown(found.before.as_of)} : avant → après"
    headers = [*((header, True) for header in MOVING.values()), ("Objectif", True)]
    wide = table(title, [("Strate", False), *headers])
    narrow = table(title, [("", False), ("Avant", True), ("Après", True)], tight=True)
    for name, one, other in lines:
        wide.add_row(name, *_moves(one.counts, other.counts), shown(one.target_count))
        narrow.add_row(name)
        for column, header in MOVING.items():
            values = (getattr(one.counts, column), getattr(other.counts, column))
            narrow.add_row(f"  {header}", *map(shown, values))
    display(wide, narrow)
    could = counted(found.unlocked, "collectivité pourrait", "collectivités pourraient")
    tell(f"{could} activer FranceConnect de plus.", stderr=True)


def _moves(before: Counts, after: Counts) -> list[str]:
    moves = ((getattr(before, column), getattr(after, column)) for column in MOVING)
    return [
        shown(one) if one == other else f"{shown(one)} → {shown(other)}" for one, other in moves
    ]
