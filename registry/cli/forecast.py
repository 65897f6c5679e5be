"""When the targets are reached, at the pace that was seen."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Annotated

import typer

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
from registry.cli.trend import signed
from registry.domain.rollout.forecast import Forecast, TargetForecast
from registry.domain.rollout.forecast import forecast as foresee
from registry.domain.rollout.scope import Basis
from registry.domain.words import STRATA

COLUMNS = [field.name for field in fields(TargetForecast)]


@program.command(cls=Command)
def forecast(
    needed_by: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Date voulue, pour le rythme nécessaire : sinon l’échéance de la campagne si elle"
            " est à venir, ou dans douze mois.",
            metavar="AAAA-MM-JJ",
        ),
    ] = None,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    format: FormatOption = Format.TABLE,
) -> None:
    """Quand chaque objectif est atteint au rythme des douze derniers mois."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, None)
    wanted = needed_by.date() if needed_by else None
    found = reading(lambda session: foresee(session, scope, wanted))
    records = [_record(target) for target in found.targets]
    if format is Format.JSON:
        write_json(
            {
                "as_of": found.as_of,
                "since": found.since,
                "needed_by": found.needed_by,
                "targets": records,
                "method": found.method,
                "limits": found.limits,
            }
        )
    elif format is Format.CSV:
        write_csv(records, COLUMNS)
    else:
        _forecast_table(found)


def _record(target: TargetForecast) -> Record:
    return asdict(target) | {"stratum": target.stratum or "TOTAL"}


def _forecast_table(found: Forecast) -> None:
    title = f"Objectifs, vus du {shown(found.as_of)}"
    wide = table(
        title,
        [
            ("Strate", False),
            ("Raccordées", True),
            ("Objectif", True),
            ("Manque", True),
            ("Par mois", True),
            ("Atteint le", True),
            ("Au plus tôt", True),
            ("Au plus tard", True),
            ("Par mois, nécessaire", True),
        ],
    )
    narrow = table(
        title,
        [
            ("Strate", False),
            ("Raccordées", True),
            ("Manque", True),
            ("Par mois", True),
            ("Atteint le", True),
        ],
        tight=True,
    )
    for target in found.targets:
        name = STRATA[target.stratum] if target.stratum else "Ensemble (chacune une fois)"
        needed = signed(target.pace_needed)
        on, earliest, latest = (
            _day(day) for day in (target.reached_on, target.earliest, target.latest)
        )
        wide.add_row(
            name,
            shown(target.connected),
            shown(target.target_count),
            shown(target.missing),
            signed(target.pace),
            on,
            earliest,
            latest,
            needed,
        )
        narrow.add_row(
            name,
            f"{shown(target.connected)}\nsur {shown(target.target_count)}",
            shown(target.missing),
            f"{signed(target.pace)}\nil faut {needed}",
            f"{on}\nau plus tôt {earliest}\nau plus tard {latest}",
        )
    display(wide, narrow)
    tell(f"Rythme nécessaire pour le {shown(found.needed_by)}. {found.method}", stderr=True)
    tell(found.limits, stderr=True)


def _day(day: object) -> str:
    return "jamais" if day is None else shown(day)
