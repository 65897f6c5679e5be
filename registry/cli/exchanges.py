"""Files in and out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.french import Command, Group
from registry.cli.output import complain, counted, progress
from registry.cli.program import program, reading, writing
from registry.domain.actor import ADMINISTRATOR
from registry.exchange import referential
from registry.exchange.bundle import Report as BundleReport
from registry.exchange.bundle import export_bundle, import_bundle
from registry.exchange.datapass import Report as DatapassReport
from registry.exchange.datapass import import_datapass
from registry.settings import Settings

imports = typer.Typer(cls=Group, help="Importer dans le registre.", no_args_is_help=True)
exports = typer.Typer(cls=Group, help="Exporter le registre.", no_args_is_help=True)
program.add_typer(imports, name="import")
program.add_typer(exports, name="export")

FEMININE, MASCULINE = "e", ""

NOUNS = {
    "activation": ("étape de raccordement", "étapes de raccordement", FEMININE),
    "collectivite": ("collectivité", "collectivités", FEMININE),
    "commitment": ("étape d’engagement", "étapes d’engagement", FEMININE),
    "deployment": ("usage de logiciel", "usages de logiciels", MASCULINE),
    "integration": ("étape d’intégration", "étapes d’intégration", FEMININE),
    "product": ("logiciel", "logiciels", MASCULINE),
    "product_former_key": ("ancienne clé de logiciel", "anciennes clés de logiciels", FEMININE),
    "vendor": ("éditeur", "éditeurs", MASCULINE),
}
"""For each noun: one, several, and what its gender adds to a participle."""

Folder = Annotated[Path, typer.Argument(help="Dossier de fichiers CSV.", metavar="DIR")]


@imports.command("referential", cls=Command)
def import_referential(
    vintage: Annotated[int, typer.Option(help="Millésime : 2022 ou 2026.", metavar="ANNÉE")],
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
        f"Millésime {report.vintage} : {counted(report.communes, 'commune')}, "
        f"{counted(report.epcis, 'intercommunalité')}, "
        f"{counted(report.departement_bodies, 'département')}. "
        f"{counted(report.created, 'créée')}, "
        f"{counted(report.updated, 'mise à jour', 'mises à jour')}, "
        f"{counted(report.closed, 'fermée')}, "
        f"{counted(report.sirens_changed, 'SIREN changé')} ; "
        f"{counted(report.deployments_moved, 'usage transféré', 'usages transférés')}, "
        f"{counted(report.deployments_merged, 'réuni')}, "
        + counted(
            report.activations_moved,
            "histoire de raccordement transférée",
            "histoires de raccordement transférées",
        )
        + f", {counted(report.activations_set_aside, 'mise de côté', 'mises de côté')} ; "
        f"{counted(len(report.to_settle), 'point')} à régler par une personne."
    )


@imports.command("bundle", cls=Command)
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
    lines += _counted("créé", report.created)
    lines += _counted("modifié", report.changed)
    lines += _counted("retiré", report.removed)
    return "\n".join(lines)


def _counted(participle: str, counts: Mapping[str, int]) -> list[str]:
    lines = []
    for noun, count in counts.items():
        one, many, gender = NOUNS[noun]
        done = f"{participle}{gender}"
        lines.append(f"  {counted(count, f'{one} {done}', f'{many} {done}s')}")
    return lines


@imports.command("datapass", cls=Command)
def datapass_in(
    file: Annotated[Path, typer.Argument(help="Fichier YAML des éditeurs.", metavar="FILE")],
) -> None:
    """Importe la liste d’éditeurs de DataPass : ce qui peut l’être, et dit le reste."""
    report = writing(lambda session: import_datapass(session, ADMINISTRATOR, file))
    for fault in (*report.faults, *report.warnings):
        typer.echo(str(fault))
    complain(
        f"{counted(report.kept, 'éditeur gardé', 'éditeurs gardés')}, "
        f"{counted(len(report.faults), 'ligne écartée', 'lignes écartées')}, "
        f"{counted(len(report.warnings), 'remarque')}."
    )
    complain(_datapass_summary(report))


def _datapass_summary(report: DatapassReport) -> str:
    if report.nothing:
        return "Rien n’a changé : le registre disait déjà tout ce que dit cette liste."
    return "\n".join(["Import terminé :", *_counted("créé", report.created)])


@exports.command("bundle", cls=Command)
def bundle_out(folder: Folder) -> None:
    """Exporte tout le registre en un lot de fichiers CSV."""
    with progress() as tell:
        reading(lambda session: export_bundle(session, ADMINISTRATOR, folder, tell))
    complain(f"Registre exporté dans {folder}.")
