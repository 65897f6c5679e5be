"""One collectivité's answer in the terminal."""

from dataclasses import asdict
from typing import Annotated

import typer

from registry.cli.output import console, shown, table, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.rollouts import AsOfOption
from registry.domain.rollout import answer
from registry.domain.words import DEMARCHES, KINDS, READINESS, VERDICTS


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
    if not found.uses:
        return
    grid = table(
        "Ses logiciels",
        [
            ("Logiciel", False),
            ("Éditeur", False),
            ("Verdict", False),
            ("Démarche", False),
            ("Depuis", False),
            ("Confirmé", False),
            ("Services", False),
        ],
    )
    for use in found.uses:
        grid.add_row(
            use.product.name,
            use.vendor.name,
            VERDICTS[use.verdict],
            DEMARCHES[use.deployment.demarche],
            shown(use.deployment.since),
            shown(use.deployment.confirmed_by is not None),
            ", ".join(f"{step.service} {step.state}" for step in use.activations) or "—",
        )
    screen.print(grid)
