"""What typer says in English, said in French; what it may say otherwise stays as it is."""

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

from registry.cli.output import fitting

SAID = [
    (r"Usage: ", "Usage : "),
    (r"COMMAND \[ARGS\]\.\.\.", "COMMANDE [ARGUMENTS]…"),
    (r"^(Options|Arguments):$", r"\1 :"),
    (r"^Commands:$", "Commandes :"),
    (r"Show this message and exit\.", "Affiche cette aide."),
    (r"\[required\]", "[obligatoire]"),
    (r"\[default: ", "[par défaut : "),
    (r"Try '(.+) --help' for help\.\n\n", r"Aide : \1 --help\n"),
    (r"Error: ", "Erreur : "),
    (r"No such command '(.*?)'\.?", r"Commande inconnue : « \1 »."),
    (r"No such option: (\S+)", r"Option inconnue : \1"),
    (r"\(Possible options: (.+)\)", r"(options proches : \1)"),
    (r" Did you mean (.+)\?", r" Vouliez-vous dire \1 ?"),
    (r"Missing option '(.+?)'\.", r"Il manque l’option \1."),
    (r"Missing argument '(.+?)'\.", r"Il manque l’argument \1."),
    (r"Missing command\.", "Il manque une commande."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", r"De trop : \1."),
    (r"Option '(.+?)' requires an argument\.", r"L’option \1 demande une valeur."),
    (r"Option '(.+?)' does not take a value\.", r"L’option \1 ne prend pas de valeur."),
    (r"Invalid value for '(.+?)': (?:Value error, )?", r"Valeur refusée pour \1 : "),
    (r"Option '(.+?)' requires (\d+) arguments\.", r"L’option \1 demande \2 valeurs."),
    (r"Argument '(.+?)' takes (\d+) values\.", r"L’argument \1 demande \2 valeurs."),
    (r"Invalid value: (?:Value error, )?", "Valeur refusée : "),
    (r"Missing parameter: (\S+)", r"Il manque la valeur \1."),
    (r"Missing option\.", "Il manque une option."),
    (r"Missing argument\.", "Il manque un argument."),
    (r"Choose from:\n?\s*", "Choix possibles : "),
    (r"\b(?:File|Directory|Path) '(.*)' does not exist\.", r"« \1 » n’existe pas."),
    (r"\b(?:File|Directory|Path) '(.*)' is a file\.", r"« \1 » est un fichier."),
    (r"\b(?:File|Directory|Path) '(.*)' is a directory\.", r"« \1 » est un dossier."),
    (r"\b(?:File|Directory|Path) '(.*)' is not readable\.", r"« \1 » ne peut pas être lu."),
    (r"\b(?:File|Directory|Path) '(.*)' is not writable\.", r"« \1 » ne peut pas être écrit."),
    (r"Aborted[!.]", "Abandonné."),
    (r"\[env var: ", "[variable : "),
    (r"'(.*)' is not one of (.+)\.", r"« \1 » n’est pas l’une de ces valeurs : \2."),
    (r"'(.*)' does not match the formats '%Y-%m-%d'", r"« \1 » n’est pas une date AAAA-MM-JJ"),
    (r"Input should be a valid integer.*", "un nombre entier est attendu."),
    (
        r"Input should be a valid (?:boolean|number|decimal|string|date|datetime).*",
        "ce n’en est pas une.",
    ),
    (r"Input should be .*(?:finite|infinite).*", "un nombre est attendu."),
    (r"Input should be greater than (\d+)$", r"plus de \1 est attendu."),
    (r"Input should be less than (\d+)$", r"moins de \1 est attendu."),
    (r"Input should be greater than or equal to (\d+)", r"\1 au moins est attendu."),
    (r"Input should be less than or equal to (\d+)", r"\1 au plus est attendu."),
]


def in_french(text: str) -> str:
    for english, french in SAID:
        text = re.sub(english, french, text, flags=re.MULTILINE)
    return text


class Command(TyperCommand):
    def get_help(self, ctx: Any) -> str:
        return fitting(in_french(super().get_help(ctx)))


class Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return fitting(in_french(super().get_help(ctx)))
