"""What an answer is asked about, as options of a command."""

from datetime import datetime
from typing import Annotated

import typer

from models import Demarche, Stratum
from registry.domain.rollout.scope import Basis, Scope

StratumOption = Annotated[
    list[Stratum] | None,
    typer.Option(
        "--stratum",
        help=f"Strate, répétable : {', '.join(Stratum)}.",
        metavar="STRATE",
        case_sensitive=False,
    ),
]
DepartementOption = Annotated[
    str | None, typer.Option(help="Code de département (COG).", metavar="CODE")
]
RegionOption = Annotated[str | None, typer.Option(help="Code de région (COG).", metavar="CODE")]
EpciOption = Annotated[
    str | None, typer.Option(help="SIREN d’une intercommunalité.", metavar="SIREN")
]
DemarcheOption = Annotated[
    Demarche | None,
    typer.Option(
        help=f"Code d’une démarche : {', '.join(Demarche)}.",
        metavar="DEMARCHE",
        case_sensitive=False,
    ),
]
BasisOption = Annotated[
    Basis,
    typer.Option(
        help="Tous les liens déclarés (DECLARED), ou les seuls confirmés (CONFIRMED).",
        metavar="BASE",
        case_sensitive=False,
    ),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="Date de l’état, aujourd’hui par défaut.",
        metavar="AAAA-MM-JJ",
    ),
]


def scope_of(
    strata: list[Stratum] | None,
    departement: str | None,
    region: str | None,
    epci: str | None,
    demarche: Demarche | None,
    basis: Basis,
    as_of: datetime | None,
) -> Scope:
    day = as_of.date() if as_of else None
    return Scope(tuple(strata or ()), departement, region, epci, demarche, basis, day)
