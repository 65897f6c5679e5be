"""One collectivité's answer in the terminal."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Table

from registry.cli.output import console, shown, table, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.rollouts import AsOfOption
from registry.domain.rollout import answer
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


@program.command()
def collectivite(
    code: Annotated[str, typer.Argument(help="Code INSEE, SIREN ou SIRET.")],
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Ce qu’il en est d’une collectivité, et ce qu’elle peut faire."""
    day = as_of.date() if as_of else None
    found = reading(lambda session: answer.of_collectivite(session, code, day))
    records = [_use_record(use) for use in found.uses]
    if format is Format.JSON:
        write_json(_answer_record(found) | {"deployments": records})
    elif format is Format.CSV:
        write_csv(records, USE_COLUMNS)
    else:
        _answer_text(found)


USE_COLUMNS = (
    "vendor_siren",
    "vendor",
    "slug",
    "product",
    "verdict",
    "demarche",
    "since",
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
        link.confirmed_by,
        "|".join(f"{step.service}={step.state}" for step in use.activations),
    )
    return dict(zip(USE_COLUMNS, values, strict=True))


def _answer_record(found: answer.Answer) -> dict[str, object]:
    body, step = found.collectivite, found.next_step
    return {
        "as_of": found.as_of,
        "code": body.code,
        "siren": body.siren,
        "name": body.name,
        "kind": body.kind,
        "population": body.population,
        "departements": body.departements,
        "strata": body.strata,
        "readiness": found.readiness,
        "next_step": asdict(step),
    }


def _answer_text(found: answer.Answer) -> None:
    body = found.collectivite
    inhabitants = "" if body.population is None else f", {shown(body.population)} habitants"
    screen = console()
    screen.print(f"{body.name} ({KINDS[body.kind]} {body.code}{inhabitants})", style="bold")
    screen.print(f"Au {shown(found.as_of)} : {READINESS[found.readiness]}", style="bold")
    screen.print(found.next_step.sentence, soft_wrap=True)
    if found.uses:
        screen.print(_products_table(found.uses))


def _products_table(uses: Sequence[answer.Use]) -> Table:
    grid = table(
        "Ses logiciels",
        [
            ("Logiciel", False),
            ("Éditeur", False),
            ("Verdict", False),
            ("Démarches", False),
            ("Depuis", False),
            ("Services raccordés ou en cours", False),
        ],
    )
    ordered = sorted(uses, key=lambda use: (VERDICT_ORDER.index(use.verdict), use.product.id))
    for _, same in groupby(ordered, key=lambda use: use.product.id):
        links = list(same)
        first = links[0]
        grid.add_row(
            first.product.name,
            first.vendor.name,
            VERDICTS[first.verdict],
            ", ".join(DEMARCHES[use.deployment.demarche] for use in links),
            shown(min(use.deployment.since for use in links)),
            ", ".join(dict.fromkeys(step for use in links for step in _steps(use))) or "—",
        )
    return grid


def _steps(use: answer.Use) -> list[str]:
    return [f"{SERVICES[step.service]} {ACTIVATION_STATES[step.state]}" for step in use.activations]
