"""Files in and out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.output import complain, progress, shown
from registry.cli.program import program, reading, writing
from registry.domain.actor import ADMINISTRATOR
from registry.exchange import referential
from registry.exchange.bundle import Report as BundleReport
from registry.exchange.bundle import export_bundle, import_bundle
from registry.exchange.datapass import import_datapass
from registry.settings import Settings

imports = typer.Typer(help="Importer dans le registre.", no_args_is_help=True)
exports = typer.Typer(help="Exporter le registre.", no_args_is_help=True)
program.add_typer(imports, name="import")
program.add_typer(exports, name="export")

NOUNS = {
    "activation": "étapes de raccordement",
    "collectivite": "collectivités",
    "commitment": "étapes d’engagement",
    "deployment": "usages de logiciels",
    "integration": "étapes d’intégration",
    "product": "logiciels",
    "product_former_key": "anciennes clés de logiciels",
    "vendor": "éditeurs",
}

Folder = Annotated[Path, typer.Argument(help="Dossier de fichiers CSV.", metavar="DIR")]


@imports.command("referential")
def import_referential(
    vintage: Annotated[int, typer.Option(help="Millésime : 2022 ou 2026.")],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Dossier data/ du paquet npm, au lieu des données livrées avec le programme.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Charge la géographie officielle, ou fait passer le registre d’un millésime à l’autre."""
    fixtures = Settings().fixtures_dir
    geography = referential.locate(fixtures, vintage, source)
    older = referential.earlier(fixtures, vintage)
    report = writing(lambda session: referential.load(session, ADMINISTRATOR, geography, older))
    complain(_referential_summary(report))
    for sentence in report.to_settle:
        typer.echo(sentence)


def _referential_summary(report: referential.Report) -> str:
    if report.unchanged:
        return f"Le millésime {report.vintage} était déjà chargé : rien n’a changé."
    return (
        f"Millésime {report.vintage} : {shown(report.communes)} communes, "
        f"{shown(report.epcis)} intercommunalités, {report.departement_bodies} départements. "
        f"{shown(report.created)} créées, {shown(report.updated)} mises à jour, "
        f"{shown(report.closed)} fermées, {shown(report.sirens_changed)} SIREN changés ; "
        f"{shown(report.deployments_moved)} usages transférés, "
        f"{shown(report.deployments_merged)} réunis, "
        f"{shown(report.activations_moved)} histoires de raccordement transférées, "
        f"{shown(report.activations_set_aside)} mises de côté ; "
        f"{shown(len(report.to_settle))} points à régler par une personne."
    )


@imports.command("bundle")
def bundle_in(
    folder: Folder,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Vérifier tout, n’écrire rien.")
    ] = False,
) -> None:
    """Importe un lot de fichiers CSV : tout, ou rien avec la liste des anomalies."""
    with progress() as tell:
        report = writing(
            lambda session: import_bundle(session, ADMINISTRATOR, folder, tell), dry_run=dry_run
        )
    complain(_bundle_summary(report, dry_run=dry_run))


def _bundle_summary(report: BundleReport, *, dry_run: bool) -> str:
    if report.nothing:
        return "Rien n’a changé : le registre disait déjà tout ce que dit ce lot."
    lines = ["Essai sans écriture, seraient :" if dry_run else "Import terminé :"]
    lines += _counted("créés", report.created)
    lines += _counted("modifiés", report.changed)
    lines += _counted("retirés", report.removed)
    return "\n".join(lines)


def _counted(verb: str, counts: Mapping[str, int]) -> list[str]:
    return [f"  {shown(count)} {NOUNS[noun]} {verb}" for noun, count in counts.items()]


@imports.command("datapass")
def datapass_in(
    file: Annotated[Path, typer.Argument(help="Fichier YAML des éditeurs.", metavar="FILE")],
) -> None:
    """Importe la liste d’éditeurs de DataPass : ce qui peut l’être, et dit le reste."""
    report = writing(lambda session: import_datapass(session, ADMINISTRATOR, file))
    for fault in (*report.faults, *report.warnings):
        typer.echo(str(fault))
    complain(
        f"{shown(report.kept)} éditeurs gardés, {shown(len(report.faults))} lignes écartées, "
        f"{shown(len(report.warnings))} remarques."
    )


@exports.command("bundle")
def bundle_out(folder: Folder) -> None:
    """Exporte tout le registre en un lot de fichiers CSV."""
    with progress() as tell:
        reading(lambda session: export_bundle(session, ADMINISTRATOR, folder, tell))
    complain(f"Registre exporté dans {folder}.")
