"""Coverage over time."""

from datetime import datetime
from typing import Annotated

import typer

from registry.cli.coverage import SHORT_STRATA, coverage_records
from registry.cli.french import Command
from registry.cli.output import Record, display, shown, table, tell, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.scopes import (
    BasisOption,
    DemarcheOption,
    DepartementOption,
    EpciOption,
    RegionOption,
    StratumOption,
    scope_of,
)
from registry.domain.rollout.coverage import Coverage, StratumCoverage, TotalCoverage
from registry.domain.rollout.scope import Basis
from registry.domain.rollout.trend import Pace, Step, Trend
from registry.domain.rollout.trend import trend as follow
from registry.domain.words import STRATA


@program.command(cls=Command)
def trend(
    start: Annotated[
        datetime,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], help="Première date lue.", metavar="AAAA-MM-JJ"
        ),
    ],
    end: Annotated[
        datetime | None,
        typer.Option(
            "--to",
            formats=["%Y-%m-%d"],
            help="Dernière date lue, aujourd’hui par défaut.",
            metavar="AAAA-MM-JJ",
        ),
    ] = None,
    step: Annotated[
        Step,
        typer.Option(
            help=f"Ce qui sépare deux dates : {', '.join(Step)}.",
            metavar="PAS",
            case_sensitive=False,
        ),
    ] = Step.MONTH,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    format: FormatOption = Format.TABLE,
) -> None:
    """La couverture au fil du temps, et le rythme de chaque strate."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, None)
    last = end.date() if end else None
    found = reading(lambda session: follow(session, scope, start.date(), last, step))
    if format is Format.JSON:
        points = [{"as_of": p.as_of, "counts": _point_records(p)} for p in found.points]
        write_json({"points": points, "pace": [_pace_record(pace) for pace in found.pace]})
    elif format is Format.CSV:
        records = [record for point in found.points for record in _point_records(point)]
        write_csv(records, list(records[0]))
    else:
        _trend_table(found)


def _point_records(point: Coverage) -> list[Record]:
    return [{"as_of": point.as_of} | record for record in coverage_records(point)]


def _lines(point: Coverage) -> tuple[StratumCoverage | TotalCoverage, ...]:
    return (*point.strata, point.total)


def _pace_record(pace: Pace) -> Record:
    gains = {"connected": pace.connected, "ready": pace.ready}
    return {"stratum": pace.stratum or "TOTAL"} | {
        f"{name}_{part}": getattr(gain, part)
        for name, gain in gains.items()
        for part in ("start", "end", "gained", "per_month")
    }


def _trend_table(found: Trend) -> None:
    first, last = found.points[0], found.points[-1]
    period = f"du {shown(first.as_of)} au {shown(last.as_of)}"
    strata = [line.stratum for line in first.strata]
    names = [(STRATA[stratum], True) for stratum in strata]
    wide = table(f"Raccordées (et prêtes) {period}", [("Date", True), *names, ("Ensemble", True)])
    names = [(SHORT_STRATA[stratum], True) for stratum in strata]
    narrow = table(f"Raccordées {period}", [("Date", True), *names, ("Ensemble", True)], tight=True)
    for point in found.points:
        counts = [line.counts for line in _lines(point)]
        wide.add_row(
            shown(point.as_of), *(f"{shown(n.connected)} ({shown(n.ready)})" for n in counts)
        )
        narrow.add_row(shown(point.as_of), *(shown(n.connected) for n in counts))
    wide.add_section()
    wide.add_row(
        "Par mois",
        *(f"{signed(p.connected.per_month)} ({signed(p.ready.per_month)})" for p in found.pace),
    )
    narrow.add_section()
    narrow.add_row("Par mois", *(signed(pace.connected.per_month) for pace in found.pace))
    display(wide, narrow)
    tell("D’après les dates déclarées, sur la géographie d’aujourd’hui.", stderr=True)


def signed(pace: float | None) -> str:
    """A pace as a French person reads it."""
    return "—" if pace is None else f"{pace:+.1f}".replace(".", ",").replace("-", "−")
