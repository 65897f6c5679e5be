"""How far the rollout is, stratum by stratum."""

from dataclasses import asdict

from models import Stratum
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
from registry.domain.rollout.coverage import Counts, Coverage, measure
from registry.domain.rollout.scope import Basis
from registry.domain.words import STRATA

COUNT_COLUMNS = {
    "total": "Collectivités",
    "connected": "Raccordées",
    "connected_with_prefill": "pré-remplies",
    "ready": "Prêtes",
    "cost_unknown": "Coût inconnu",
    "blocked_by_surcharge": "Surcoût",
    "blocked_by_software": "Logiciel",
    "no_known_software": "Logiciel inconnu",
}

SHORT_STRATA = {
    Stratum.DEPARTEMENT: "Départements",
    Stratum.EPCI: "Interco.",
    Stratum.COMMUNE_OVER_3500: "Communes\n> 3\u202f500",
    Stratum.COMMUNE_UP_TO_3500: "Communes\n≤ 3\u202f500",
}


@program.command(cls=Command)
def coverage(
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Combien de collectivités sont raccordées, prêtes ou bloquées, strate par strate."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, as_of)
    found = reading(lambda session: measure(session, scope))
    records = coverage_records(found)
    if format is Format.JSON:
        write_json({"as_of": found.as_of, "strata": records[:-1], "total": records[-1]})
    elif format is Format.CSV:
        write_csv(records, list(records[-1]))
    else:
        _coverage_table(found)


def coverage_records(found: Coverage) -> list[dict[str, object]]:
    lines = [
        {
            "stratum": line.stratum,
            **asdict(line.counts),
            "target_share": None if line.target_share is None else float(line.target_share),
            "target_count": line.target_count,
            "missing": line.missing,
        }
        for line in found.strata
    ]
    total = found.total
    return [
        *lines,
        {
            "stratum": "TOTAL",
            **asdict(total.counts),
            "target_share": None,
            "target_count": total.target_count,
            "missing": total.missing,
        },
    ]


def _coverage_table(found: Coverage) -> None:
    title = f"Couverture au {shown(found.as_of)}"
    total = found.total
    lines = [_cells(line.counts, line.target_count, line.missing) for line in found.strata]
    overall = _cells(total.counts, total.target_count, total.missing)
    headers = [*COUNT_COLUMNS.values(), "Objectif", "Manque"]
    wide = table(title, [("Strate", False), *((header, True) for header in headers)])
    for line, cells in zip(found.strata, lines, strict=True):
        wide.add_row(STRATA[line.stratum], *cells)
    wide.add_section()
    wide.add_row("Ensemble (chacune une fois)", *overall)
    strata = [(SHORT_STRATA[line.stratum], True) for line in found.strata]
    narrow = table(title, [("", False), *strata, ("Ensemble", True)], tight=True)
    for header, *cells in zip(headers, *lines, overall, strict=True):
        narrow.add_row(header, *cells)
    display(wide, narrow)
    tell(_coverage_summary(total.counts), stderr=True)


def _cells(counts: Counts, target: int | None, missing: int | None) -> list[str]:
    return [
        *(shown(getattr(counts, column)) for column in COUNT_COLUMNS),
        *map(shown, (target, missing)),
    ]


def _coverage_summary(counts: Counts) -> str:
    return (
        f"Dont {counted(counts.ready_unverified, 'prête')} sur la seule parole de l’éditeur ; "
        f"{counted(counts.blocked_undeclared, 'bloquée')} par des éditeurs qui n’ont rien déclaré"
        f" à ce jour ; {shown(counts.no_online_demarche)} sans démarche en ligne."
    )
