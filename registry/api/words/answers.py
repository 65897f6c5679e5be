"""What answers say, and how lists are ordered."""

from registry.api.words.describing import describe
from registry.domain.collectivites import CollectiviteOrder
from registry.domain.products import ProductOrder
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.changes import ChangeKind
from registry.domain.rollout.covering import Objective
from registry.domain.rollout.next_step import NextStepCode
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Basis
from registry.domain.rollout.trend import Step
from registry.domain.rollout.verdicts import Verdict
from registry.domain.vendors import VendorOrder

describe(
    Verdict,
    "Ce qu’un logiciel permet à ses clients.",
    {
        "NOT_CONCERNED": "L’usager ne s’y connecte pas : il ne bloque ni n’aide.",
        "NOT_INTEGRATED": "Aucun service accepté n’y est qualifié.",
        "SURCHARGE": "Intégré, mais l’éditeur a refusé l’engagement ou y a manqué.",
        "READY": "Intégré, et l’éditeur s’est engagé à ne rien facturer de plus.",
        "COST_UNKNOWN": "Intégré, mais le prix n’en est pas connu.",
    },
)
describe(
    Readiness,
    "Où en est une collectivité, du meilleur au moins bon.",
    {
        "CONNECTED": "FranceConnect est en production sur au moins une démarche.",
        "READY": "Elle peut l’activer dès maintenant, sans surcoût.",
        "COST_UNKNOWN": "Son éditeur doit dire son prix.",
        "BLOCKED_BY_SURCHARGE": "Son éditeur refuse de l’offrir sans surcoût, ou y a manqué.",
        "BLOCKED_BY_SOFTWARE": "Aucun de ses logiciels n’est prêt.",
        "NO_KNOWN_SOFTWARE": "Aucun de ses logiciels n’est connu.",
    },
)
describe(
    Basis,
    "Usages de logiciels pris en compte.",
    {
        "DECLARED": "Tous les usages déclarés.",
        "CONFIRMED": "Ceux que l’autre partie ou le ministère a confirmés ou déclarés.",
    },
)
describe(
    Grouping,
    "Ce que compte une ligne du classement.",
    {"PRODUCT": "Un logiciel.", "VENDOR": "Un éditeur, tous logiciels confondus."},
    name="BlockerGrouping",
)
describe(
    ChangeKind,
    "Ce qui est arrivé à une collectivité.",
    {
        "NEWLY_CONNECTED": "Elle est raccordée, et ne l’était pas.",
        "NEWLY_READY": "Elle est prête, et n’était ni prête ni raccordée.",
        "NEWLY_BLOCKED": "Elle est bloquée, et ne l’était pas.",
        "NO_LONGER_CONNECTED": "Elle était raccordée, et ne l’est plus.",
    },
)
describe(
    Step,
    "Ce qui sépare deux dates lues.",
    {
        "DAY": "Un jour.",
        "WEEK": "Sept jours.",
        "MONTH": "Un mois.",
        "QUARTER": "Trois mois.",
        "YEAR": "Un an.",
    },
    name="TrendStep",
)
describe(
    Objective,
    "Ce qu’un plan cherche.",
    {
        "GAP": "Le plus petit écart : la somme de ce qui manque à chaque objectif.",
        "STEPS": "Le moins d’étapes.",
        "UNLOCKED": "Le plus de collectivités débloquées.",
    },
    name="PlanObjective",
)
describe(
    NextStepCode,
    "Ce qu’une collectivité peut faire maintenant.",
    {
        "ALL_CONNECTED": "Rien : toutes ses démarches connues sont raccordées.",
        "CONNECT_REMAINING": "Raccorder les démarches qui ne le sont pas encore.",
        "REQUEST_HABILITATION": "Déposer la demande d’habilitation du raccordement prévu.",
        "COMPLETE_HABILITATION": "Compléter ou corriger la demande d’habilitation.",
        "ASK_GO_LIVE": "Demander la mise en service, ou sa reprise : l’habilitation est accordée.",
        "FOLLOW_ACTIVATION": "Suivre un raccordement en cours : rien n’est attendu d’elle.",
        "ACTIVATE": "Activer FranceConnect sur un logiciel qui est prêt.",
        "ASK_PRICE": "Demander à l’éditeur de s’engager sur l’absence de surcoût.",
        "ASK_NO_SURCHARGE": "Demander à l’éditeur de renoncer au surcoût.",
        "ASK_INTEGRATION": "Demander à l’éditeur d’intégrer FranceConnect.",
        "DECLARE_SOFTWARE": "Déclarer le logiciel utilisé.",
        "NOTHING_ASKED": "Rien : elle déclare n’avoir aucune démarche en ligne, ou n’existe plus.",
    },
)
BY_NAME = {
    "NAME_ASC": "Par nom, sans tenir compte des accents ni de la casse, puis par clé.",
    "NAME_DESC": "Par nom, à rebours, sans tenir compte des accents ni de la casse.",
}
describe(
    VendorOrder,
    "Ordre d’une liste d’éditeurs.",
    BY_NAME | {"KEY_ASC": "Par SIREN croissant.", "KEY_DESC": "Par SIREN décroissant."},
)
describe(
    ProductOrder,
    "Ordre d’une liste de logiciels.",
    BY_NAME
    | {
        "KEY_ASC": "Par SIREN de l’éditeur puis identifiant, croissants.",
        "KEY_DESC": "Par SIREN de l’éditeur puis identifiant, décroissants.",
    },
)
describe(
    CollectiviteOrder,
    "Ordre d’une liste de collectivités.",
    BY_NAME
    | {
        "POPULATION_ASC": "Par population croissante (inconnue d’abord), puis par code.",
        "POPULATION_DESC": "Par population décroissante (inconnue en dernier), puis par code.",
        "KEY_ASC": "Par code croissant.",
        "KEY_DESC": "Par code décroissant.",
    },
)
