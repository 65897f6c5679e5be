"""The answers in the terminal: coverage, blockers, one collectivité."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from models import Demarche, Stratum
from registry.cli.output import complain, console, shown, table, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.domain.rollout.blockers import Blocker, Blockers, Grouping, rank_blockers
from registry.domain.rollout.coverage import Counts, Coverage, measure
from registry.domain.rollout.scope import Basis, Scope
from registry.domain.words import STRATA, VERDICTS

StratumOption = Annotated[
    list[Stratum] | None, typer.Option("--stratum", help="Strate, répétable.", metavar="STRATE")
]
DepartementOption = Annotated[str | None, typer.Option(help="Code de département (COG).")]
RegionOption = Annotated[str | None, typer.Option(help="Code de région (COG).")]
EpciOption = Annotated[str | None, typer.Option(help="SIREN d’une intercommunalité.")]
DemarcheOption = Annotated[
    Demarche | None, typer.Option(help="Code d’une démarche.", metavar="DEMARCHE")
]
BasisOption = Annotated[
    Basis, typer.Option(help="Tous les liens déclarés, ou les seuls confirmés.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date de l’état, aujourd’hui par défaut."),
]

COUNT_COLUMNS = {
    "total": "Collectivités",
    "connected": "Raccordées",
    "connected_with_prefill": "pré-remplies",
    "ready": "Prêtes",
    "cost_unknown": "Coût inconnu",
    "blocked_by_surcharge": "Surcoût",
    "blocked_by_software": "Logiciel",
    "no_known_software": "Sans logiciel connu",
}


def _scope(
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


@program.command()
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
    scope = _scope(stratum, departement, region, epci, demarche, basis, as_of)
    found = reading(lambda session: measure(session, scope))
    records = _coverage_records(found)
    if format is Format.JSON:
        write_json({"as_of": found.as_of, "strata": records[:-1], "total": records[-1]})
    elif format is Format.CSV:
        write_csv(records, list(records[-1]))
    else:
        _coverage_table(found)


def _coverage_records(found: Coverage) -> list[dict[str, object]]:
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
    grid = table(
        f"Couverture au {shown(found.as_of)}",
        [
            ("Strate", False),
            *((header, True) for header in COUNT_COLUMNS.values()),
            ("Objectif", True),
            ("Manque", True),
        ],
    )

    def row(name: str, counts: Counts, target: int | None, missing: int | None) -> None:
        cells = [shown(getattr(counts, column)) for column in COUNT_COLUMNS]
        grid.add_row(name, *cells, shown(target), shown(missing))

    for line in found.strata:
        row(STRATA[line.stratum], line.counts, line.target_count, line.missing)
    grid.add_section()
    total = found.total
    row("Ensemble (chacune une fois)", total.counts, total.target_count, total.missing)
    console().print(grid)
    counts = total.counts
    complain(
        f"Dont {shown(counts.ready_unverified)} prêtes sur la seule parole de l’éditeur ; "
        f"{shown(counts.blocked_undeclared)} bloquées par des éditeurs qui n’ont rien déclaré à "
        f"ce jour ; {shown(counts.no_online_demarche)} sans démarche en ligne."
    )


@program.command()
def blockers(
    by: Annotated[
        Grouping, typer.Option(help="Par logiciel ou par éditeur.", case_sensitive=False)
    ] = Grouping.PRODUCT,
    first: Annotated[
        int | None, typer.Option(min=1, help="Nombre de lignes ; 20 dans un tableau, sinon toutes.")
    ] = None,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Quels logiciels bloquent le déploiement, et pour combien de collectivités."""
    scope = _scope(stratum, departement, region, epci, demarche, basis, as_of)
    limit = first or (20 if format is Format.TABLE else None)
    found = reading(lambda session: rank_blockers(session, scope, by, first=limit))
    write = {Format.JSON: _blockers_json, Format.CSV: _blockers_csv, Format.TABLE: _blockers_table}
    write[format](found, by)


BLOCKER_COLUMNS = (
    "rank",
    "vendor_siren",
    "vendor_name",
    "slug",
    "product_name",
    "verdict",
    "blocked",
    "blocked_alone",
    "population",
    "connected_clients",
    "declared_on",
)


def _blocker_record(row: Blocker) -> dict[str, object]:
    record = {column: getattr(row, column) for column in BLOCKER_COLUMNS}
    for count in row.by_stratum:
        record[f"blocked_{count.stratum.lower()}"] = count.blocked
        record[f"population_{count.stratum.lower()}"] = count.population
    return record


def _blockers_json(found: Blockers, by: Grouping) -> None:
    write_json(
        {
            "as_of": found.as_of,
            "by": by,
            "total": found.total,
            "no_known_software": found.no_known_software,
            "cost_unknown": found.cost_unknown,
            "blockers": [_blocker_record(row) for row in found.rows],
        }
    )


def _blockers_csv(found: Blockers, _: Grouping) -> None:
    records = [_blocker_record(row) for row in found.rows]
    write_csv(records, list(records[0]) if records else BLOCKER_COLUMNS)


def _blockers_table(found: Blockers, by: Grouping) -> None:
    by_product = by is Grouping.PRODUCT
    grid = table(
        f"Ce qui bloque au {shown(found.as_of)}",
        [
            ("Rang", True),
            *([("Logiciel", False)] if by_product else []),
            ("Éditeur", False),
            *([("Verdict", False)] if by_product else []),
            ("Bloquées", True),
            ("À lui seul", True),
            ("Habitants", True),
            ("Raccordées", True),
            ("Déclaration", False),
        ],
    )
    for row in found.rows:
        said = shown(row.declared_on) if row.declared_on else "n’a rien déclaré à ce jour"
        grid.add_row(
            shown(row.rank),
            *([row.product_name or ""] if by_product else []),
            row.vendor_name,
            *([VERDICTS[row.verdict]] if by_product and row.verdict else []),
            shown(row.blocked),
            shown(row.blocked_alone),
            shown(row.population),
            shown(row.connected_clients),
            said,
        )
    console().print(grid)
    noun = "logiciels" if by_product else "éditeurs"
    complain(
        f"{shown(len(found.rows))} {noun} sur {shown(found.total)} qui bloquent. Hors blocage : "
        f"{shown(found.cost_unknown)} collectivités au coût inconnu, "
        f"{shown(found.no_known_software)} sans logiciel connu."
    )
