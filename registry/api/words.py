"""The words of the domain as GraphQL enums: every value says what it means."""

from collections.abc import Mapping
from enum import StrEnum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from models import (
    ActivationState,
    BulkNoun,
    BulkState,
    CollectiviteKind,
    CommitmentState,
    DeliveryModel,
    Demarche,
    DisputeKind,
    DisputeState,
    Feed,
    GrantClaimState,
    IntegrationState,
    Service,
    SoftwareRequestState,
    Source,
    Stratum,
    SurchargeKind,
    TokenScope,
)
from registry.domain.collectivites import CollectiviteOrder
from registry.domain.integrations import Decision
from registry.domain.levels import ShownLevel
from registry.domain.products import ProductOrder
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.next_step import NextStepCode
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Basis
from registry.domain.rollout.verdicts import Verdict
from registry.domain.tokens import TokenState
from registry.domain.vendors import VendorOrder


def describe(
    words: type[StrEnum], description: str, meanings: Mapping[str, str], name: str | None = None
) -> None:
    """Make a domain enum a GraphQL one; a word without its meaning is a ``KeyError``."""
    strawberry.enum(words, name=name, description=description)
    definition: StrawberryEnumDefinition = vars(words)["__strawberry_definition__"]
    for value in definition.values:
        value.description = meanings[value.name]


describe(
    CollectiviteKind,
    "Nature d’une collectivité.",
    {
        "COMMUNE": "Commune.",
        "EPCI": "Intercommunalité à fiscalité propre.",
        "DEPARTEMENT": "Collectivité qui exerce les compétences d’un département.",
        "REGION": "Région.",
        "CCAS": "Centre communal ou intercommunal d’action sociale.",
        "SYNDICAT": "Syndicat de collectivités.",
        "OTHER": "Autre organisme public.",
    },
)
describe(
    Stratum,
    "Strate : groupe de collectivités pour lequel la charte fixe un objectif.",
    {
        "DEPARTEMENT": "Collectivités départementales.",
        "EPCI": "Intercommunalités à fiscalité propre.",
        "COMMUNE_OVER_3500": "Communes de plus de 3 500 habitants.",
        "COMMUNE_UP_TO_3500": "Communes de 3 500 habitants au plus.",
    },
)
describe(
    DeliveryModel,
    "Mode de fourniture d’un logiciel.",
    {
        "SAAS": "Service hébergé par l’éditeur.",
        "ON_PREMISE": "Installé chez la collectivité.",
        "OPEN_SOURCE": "Logiciel libre.",
    },
)
describe(
    Demarche,
    "Démarche administrative en ligne.",
    {
        "PETITE_ENFANCE": "Accueil de la petite enfance.",
        "RESTAURATION_SCOLAIRE": "Restauration scolaire.",
        "RESTAURATION_COLLEGE_LYCEE": "Restauration au collège et au lycée.",
        "PERISCOLAIRE": "Accueil périscolaire.",
        "ACTIVITES_MUNICIPALES": "Activités municipales.",
        "TRANSPORT_SCOLAIRE": "Transport scolaire.",
        "TARIFICATION_TRANSPORT": "Tarification sociale ou solidaire des transports.",
        "AIDES_FACULTATIVES": "Aides facultatives.",
        "AIDE_SOCIALE_LEGALE": "Aide sociale légale.",
        "AIDE_SOCIALE_LOCALE": "Aide sociale locale.",
        "STATIONNEMENT_RESIDENTIEL": "Stationnement résidentiel.",
        "URBANISME": "Urbanisme.",
        "ETAT_CIVIL": "État civil.",
        "SIGNALEMENT": "Signalement d’un problème sur la voie publique.",
        "AUTRE": "Autre démarche.",
    },
    name="DemarcheCode",
)
describe(
    Service,
    "Service de l’État qu’un logiciel intègre.",
    {
        "FRANCECONNECT_V1": "FranceConnect, version 1.",
        "FRANCECONNECT_V2": "FranceConnect, version 2.",
        "FRANCECONNECT_PLUS": "FranceConnect+ (niveau eIDAS substantiel).",
        "API_PARTICULIER": "API Particulier.",
        "API_IMPOT_PARTICULIER": "API Impôt particulier.",
    },
)
describe(
    Feed,
    "Donnée pré-remplie par une API.",
    {
        "QUOTIENT_FAMILIAL": "Quotient familial.",
        "STATUT_ETUDIANT": "Statut d’étudiant.",
        "STATUT_BOURSIER": "Statut de boursier.",
        "STATUT_DEMANDEUR_EMPLOI": "Statut de demandeur d’emploi.",
        "AVIS_IMPOSITION": "Avis d’imposition.",
    },
)
describe(
    IntegrationState,
    "État de l’intégration d’un service dans un logiciel.",
    {
        "NONE": "Rien n’est engagé.",
        "PLANNED": "Prévue, avec une date cible.",
        "SANDBOX": "En cours, sur l’environnement d’essai.",
        "QUALIFICATION_REQUESTED": "Qualification demandée.",
        "QUALIFIED": "Qualifiée : les clients peuvent s’en servir.",
        "SUSPENDED": "Suspendue.",
        "WITHDRAWN": "Abandonnée.",
    },
)
describe(
    Decision,
    "Décision du ministère sur une déclaration.",
    {
        "VERIFY": "La déclaration est vérifiée.",
        "SEND_BACK": "La déclaration est renvoyée à l’éditeur, avec un motif.",
    },
    name="ReviewDecision",
)
describe(
    SurchargeKind,
    "Ce que la charte compte comme surcoût.",
    {
        "ONE_OFF_FEES": "Frais payés une fois : mise en service, paramétrage, formation.",
        "RECURRING_FEES": "Frais récurrents : abonnement, maintenance.",
        "PER_USE_FEES": "Frais à l’usage : par connexion, par démarche, par usager.",
        "COMPULSORY_MODULES": "Module ou version qu’il faut acheter pour en disposer.",
    },
)
describe(
    CommitmentState,
    "État de l’engagement à fournir FranceConnect sans surcoût.",
    {
        "NONE": "Aucun engagement.",
        "INVITED": "L’éditeur a été invité à s’engager ; se taire n’est pas refuser.",
        "SIGNED": "Signé.",
        "DECLINED": "Refusé.",
        "WITHDRAWN": "Retiré par l’éditeur.",
        "EXPIRED": "Arrivé à son terme.",
        "BREACH_ALLEGED": "Un manquement est signalé et s’instruit ; l’engagement tient toujours.",
        "BREACHED": "Manquement établi.",
    },
)
describe(
    ActivationState,
    "État du raccordement d’une collectivité à un service.",
    {
        "NONE": "Rien n’est engagé.",
        "PLANNED": "Prévu.",
        "HABILITATION_SUBMITTED": "Demande d’habilitation déposée.",
        "HABILITATION_CHANGES_REQUESTED": "Modifications demandées sur l’habilitation.",
        "HABILITATION_REFUSED": "Habilitation refusée.",
        "HABILITATION_GRANTED": "Habilitation accordée.",
        "IN_INTEGRATION": "En cours d’intégration.",
        "GO_LIVE_REQUESTED": "Mise en production demandée.",
        "IN_PRODUCTION": "En production.",
        "SUSPENDED": "Suspendu.",
        "STOPPED": "Arrêté.",
    },
)
describe(
    Source,
    "Qui a déclaré.",
    {
        "VENDOR": "L’éditeur.",
        "COLLECTIVITE": "La collectivité.",
        "OPERATOR": "L’opérateur qui agit pour la collectivité.",
        "MINISTRY": "Le ministère.",
        "DATAPASS": "Un fichier de DataPass.",
    },
)
describe(
    ShownLevel,
    "Niveau de preuve d’une déclaration, tel qu’il se montre aujourd’hui.",
    {
        "SELF_DECLARED": "Déclaré, sans preuve.",
        "EVIDENCED": "Étayé par une pièce.",
        "VERIFIED": "Vérifié par le ministère.",
        "CONTESTED": "Contesté : une contestation est en cours ; ensuite, il se montre de nouveau.",
    },
    name="EvidenceLevel",
)
describe(
    SurchargeKind,
    "Ce que la charte compte comme surcoût.",
    {
        "ONE_OFF_FEES": "Frais uniques.",
        "RECURRING_FEES": "Frais récurrents.",
        "PER_USE_FEES": "Frais à l’usage.",
        "COMPULSORY_MODULES": "Modules rendus obligatoires.",
    },
)
describe(
    DisputeKind,
    "Ce qu’une collectivité conteste.",
    {
        "INTEGRATION": "L’intégration déclarée d’un service.",
        "SURCHARGE": "L’absence de surcoût : un surcoût lui est demandé.",
    },
)
describe(
    DisputeState,
    "État d’une contestation.",
    {
        "OPEN": "Ouverte.",
        "UNDER_REVIEW": "Le ministère l’instruit.",
        "AWAITING_REPLY": "L’éditeur mis en cause est invité à répondre.",
        "UPHELD": "Reconnue fondée.",
        "DISMISSED": "Écartée, avec un motif.",
        "WITHDRAWN": "Retirée par la collectivité.",
    },
)
describe(
    GrantClaimState,
    "État d’une demande de subvention.",
    {
        "DRAFT": "Brouillon.",
        "SUBMITTED": "Déposée.",
        "CHANGES_REQUESTED": "À compléter.",
        "ACCEPTED": "Acceptée.",
        "REJECTED": "Rejetée.",
        "PAID": "Payée.",
        "RECOVERY_REQUESTED": "Remboursement demandé.",
        "RECOVERED": "Remboursée.",
        "CANCELLED": "Annulée par la collectivité.",
    },
)
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
    TokenScope,
    "Ce qu’un jeton permet.",
    {
        "READ": "Lire ce qui est réservé à l’organisation.",
        "DECLARE": "Écrire ce que l’organisation peut écrire.",
        "REVIEW": "Instruire, pour un établissement de la liste du ministère.",
    },
)
describe(
    TokenState,
    "État d’un jeton.",
    {"ACTIVE": "En vigueur.", "EXPIRED": "Arrivé à son terme.", "REVOKED": "Révoqué."},
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
describe(
    SoftwareRequestState,
    "Où en est un logiciel qu’une collectivité a nommé.",
    {
        "WAITING": "Attend la réponse du ministère.",
        "SETTLED": "Rattaché à un logiciel du registre.",
        "REFUSED": "Refusé, avec un motif.",
    },
)

describe(
    BulkNoun,
    "Ce que déclare un fichier.",
    {"DEPLOYMENTS": "Des usages de logiciels.", "ACTIVATIONS": "Des étapes de raccordement."},
)
describe(
    BulkState,
    "Où en est un fichier envoyé.",
    {
        "WAITING": "Reçu : il attend son tour.",
        "RUNNING": "En cours.",
        "DONE": "Fini : le rapport dit ce qui a été écrit.",
        "REFUSED": "Refusé : rien n’est écrit, le rapport dit pourquoi.",
        "FAILED": "Interrompu par une panne : rien n’est écrit, l’envoyer de nouveau.",
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
