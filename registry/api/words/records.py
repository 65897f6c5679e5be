"""What records are."""

from models import (
    BulkNoun,
    CollectiviteKind,
    DeliveryModel,
    Demarche,
    DisputeKind,
    Feed,
    Service,
    Source,
    Stratum,
    SurchargeKind,
    TokenScope,
)
from registry.api.words.describing import describe
from registry.domain.integrations import Decision
from registry.domain.levels import ShownLevel

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
    DisputeKind,
    "Ce qu’une collectivité conteste.",
    {
        "INTEGRATION": "L’intégration déclarée d’un service.",
        "SURCHARGE": "L’absence de surcoût : un surcoût lui est demandé.",
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
    BulkNoun,
    "Ce que déclare un fichier.",
    {"DEPLOYMENTS": "Des usages de logiciels.", "ACTIVATIONS": "Des étapes de raccordement."},
)
