"""The shortest way to the targets."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from registry.cli.coverage import coverage_records
from registry.cli.french import Command
from registry.cli.output import counted, display, shown, table, tell, write_csv, write_json
from registry.cli.program import Format, FormatOption, program
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
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.covering import Objective
from registry.domain.rollout.plan import TIME_LIMIT, Plan, PlanStep, PlanTarget, Wishes, draw_up
from registry.domain.rollout.scope import Basis, Scope
from registry.domain.words import STRATA, VERDICTS
from registry.opening import opened
from registry.settings import Settings

KEYS = "SIREN[/SLUG]"


@program.command(cls=Command)
def plan(
    by: Annotated[
        Grouping,
        typer.Option(
            help="Par logiciel (product) ou par éditeur (vendor).",
            metavar="GROUPE",
            case_sensitive=False,
        ),
    ] = Grouping.VENDOR,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="Éditeur ou logiciel qui a refusé, répétable.", metavar=KEYS),
    ] = None,
    promised: Annotated[
        list[str] | None,
        typer.Option(help="Éditeur ou logiciel déjà promis, répétable.", metavar=KEYS),
    ] = None,
    at_most: Annotated[
        int | None,
        typer.Option(min=1, help="Nombre d’étapes au plus.", metavar="N"),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(min=0, help="Secondes au plus pour chercher.", metavar="SECONDES"),
    ] = TIME_LIMIT,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Le plus petit nombre d’éditeurs ou de logiciels à rendre prêts pour tenir les objectifs."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, as_of)
    refused, given = exclude or [], promised or []
    found = asyncio.run(_drawn_up(scope, by, refused, given, at_most, time_limit))
    write = {Format.JSON: _json, Format.CSV: _csv, Format.TABLE: _table}
    write[format](found)


async def _drawn_up(
    scope: Scope,
    by: Grouping,
    refused: list[str],
    given: list[str],
    at_most: int | None,
    time_limit: float,
) -> Plan:
    async with opened(Settings()) as database:
        async with database.read() as session:
            wishes = Wishes(
                by,
                await fixes.by_keys(session, *_sorted_out(refused), "excluded"),
                await fixes.by_keys(session, *_sorted_out(given), "promised"),
                at_most,
            )
        return await draw_up(database.read, scope, wishes, time_limit=time_limit)


def _sorted_out(keys: list[str]) -> tuple[list[str], list[str]]:
    """The vendors' SIREN, and the products' keys."""
    return [key for key in keys if "/" not in key], [key for key in keys if "/" in key]


STEP_COLUMNS = (
    "rank",
    "vendor_siren",
    "vendor_name",
    "slug",
    "product_name",
    "gap_closed",
    "gap_left",
    "unlocked",
    "unlocked_alone",
    "unlocked_cumulated",
)


def _record(step: PlanStep) -> dict[str, object]:
    candidate = step.candidate
    return {
        column: getattr(candidate if hasattr(candidate, column) else step, column)
        for column in STEP_COLUMNS
    }


def _json(found: Plan) -> None:
    steps = [
        {
            **_record(step),
            "products": [
                {name: value for name, value in asdict(part).items() if name != "product_id"}
                for part in step.products
            ],
            "clients_by_population": [asdict(band) for band in step.clients],
        }
        for step in found.steps
    ]
    before, after = coverage_records(found.before), coverage_records(found.after)
    write_json(
        {
            "as_of": found.before.as_of,
            "by": found.by,
            "reachable": found.reachable,
            "optimal": found.optimal,
            "relative_gap": found.relative_gap,
            "initial_gap": found.initial_gap,
            "gap": found.gap,
            "proofs": [asdict(proof) for proof in found.proofs],
            "steps": steps,
            "targets": [_target(target) for target in found.targets],
            "before": {"strata": before[:-1], "total": before[-1]},
            "after": {"strata": after[:-1], "total": after[-1]},
        }
    )


def _target(target: PlanTarget) -> dict[str, object]:
    return {
        "stratum": target.stratum or "TOTAL",
        "target_count": target.target_count,
        "connected": target.counts.connected,
        "ready": target.counts.ready,
        "ready_unverified": target.counts.ready_unverified,
        "missing": target.missing,
        "reachable": target.reachable,
        "best": target.best,
        "no_known_software": target.counts.no_known_software,
        "cost_unknown": target.counts.cost_unknown,
    }


def _csv(found: Plan) -> None:
    write_csv([_record(step) for step in found.steps], STEP_COLUMNS)


def _table(found: Plan) -> None:
    title = f"Plan au {shown(found.before.as_of)}"
    figures = [("Écart comblé", True), ("Reste", True), ("Débloquées", True), ("Cumul", True)]
    wide = table(title, [("Rang", True), ("Éditeur", False), ("Logiciels", False), *figures])
    short = [("Comblé", True), ("Reste", True), ("Débl.", True), ("Cumul", True)]
    narrow = table(title, [("Rang", True), ("À rendre prêt", False), *short], tight=True)
    for step in found.steps:
        numbers = (step.gap_closed, step.gap_left, step.unlocked, step.unlocked_cumulated)
        name, parts = step.candidate.vendor_name, _parts(step)
        wide.add_row(shown(step.rank), name, "\n".join(parts), *map(shown, numbers))
        narrow.add_row(shown(step.rank), "\n".join([name, *parts]), *map(shown, numbers))
    if found.steps:
        display(wide, narrow)
    display(*_targets(found))
    for sentence in (_said(found), *_obstacles(found)):
        tell(sentence, stderr=True)


def _parts(step: PlanStep) -> list[str]:
    return [
        f"{part.name} ({VERDICTS[part.verdict]}, {shown(part.unlocked)})" for part in step.products
    ]


def _targets(found: Plan) -> tuple[Table, Table]:
    headers = ["Objectif", "Raccordées", "Prêtes", "sur parole", "Manque"]
    wide = table("Une fois le plan réalisé", [("Strate", False), *((one, True) for one in headers)])
    narrow = table("Une fois le plan réalisé", [("", False), ("", True)], tight=True)
    for target in found.targets:
        counts = target.counts
        numbers = [
            target.target_count,
            counts.connected,
            counts.ready,
            counts.ready_unverified,
            target.missing,
        ]
        wide.add_row(_name(target), *map(shown, numbers))
        narrow.add_row(_name(target))
        for header, number in zip(headers, numbers, strict=True):
            narrow.add_row(f"  {header}", shown(number))
    return wide, narrow


def _name(target: PlanTarget) -> str:
    return STRATA[target.stratum] if target.stratum else "Ensemble (chacune une fois)"


def _said(found: Plan) -> str:
    if not found.initial_gap and not found.steps:
        return "Rien à combler : chaque objectif du périmètre est déjà à portée."
    steps = counted(len(found.steps), "étape")
    reached = "les objectifs sont à portée" if found.reachable else f"il manque {shown(found.gap)}"
    if found.optimal:
        return f"{steps} : {reached}. Il est prouvé qu’aucun autre plan n’est meilleur."
    proven = next((one for one in found.proofs if one.bound != one.reached), None)
    known = BOUNDS[proven.objective].format(shown(proven.bound)) if proven and proven.bound else ""
    return f"{steps} : {reached}. Le temps a manqué pour prouver que c’est le meilleur plan{known}."


BOUNDS = {
    Objective.GAP: " ; l’écart ne peut pas descendre sous {}",
    Objective.STEPS: " ; il en faut au moins {}",
    Objective.UNLOCKED: " ; {} collectivités au plus seraient débloquées",
}


def _obstacles(found: Plan) -> list[str]:
    return [
        f"{_name(target)} : {_reach(target)} ; {shown(target.counts.no_known_software)} sans"
        f" logiciel connu et {shown(target.counts.cost_unknown)} au coût inconnu y font obstacle."
        for target in found.targets
        if target.missing
    ]


def _reach(target: PlanTarget) -> str:
    lacking = f"il manque {shown(target.missing)}"
    if target.reachable:
        return lacking
    most = f"{shown(target.best)} au plus pour {shown(target.target_count)}"
    return f"{lacking}, hors d’atteinte : {most}"
