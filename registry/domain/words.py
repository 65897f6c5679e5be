"""The registry's words as people read them in French."""

import re

from models import (
    ActivationState,
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
    Source,
    Stratum,
    SurchargeKind,
    TokenScope,
)
from registry.domain.levels import ShownLevel
from registry.domain.pages import Recency
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.verdicts import Verdict
from registry.domain.search import fold

STRATA = {
    Stratum.DEPARTEMENT: "Départements",
    Stratum.EPCI: "Intercommunalités",
    Stratum.COMMUNE_OVER_3500: "Communes de plus de 3 500 habitants",
    Stratum.COMMUNE_UP_TO_3500: "Communes jusqu’à 3 500 habitants",
}

KINDS = {
    CollectiviteKind.COMMUNE: "commune",
    CollectiviteKind.EPCI: "intercommunalité",
    CollectiviteKind.DEPARTEMENT: "département",
    CollectiviteKind.REGION: "région",
    CollectiviteKind.CCAS: "CCAS",
    CollectiviteKind.SYNDICAT: "syndicat",
    CollectiviteKind.OTHER: "autre organisme",
}

READINESS = {
    Readiness.CONNECTED: "raccordée",
    Readiness.READY: "prête",
    Readiness.COST_UNKNOWN: "coût inconnu",
    Readiness.BLOCKED_BY_SURCHARGE: "bloquée par un surcoût",
    Readiness.BLOCKED_BY_SOFTWARE: "bloquée par son logiciel",
    Readiness.NO_KNOWN_SOFTWARE: "aucun logiciel connu",
}

VERDICTS = {
    Verdict.NOT_CONCERNED: "non concerné",
    Verdict.NOT_INTEGRATED: "non intégré",
    Verdict.SURCHARGE: "avec surcoût",
    Verdict.READY: "prêt",
    Verdict.COST_UNKNOWN: "coût inconnu",
}

DEMARCHES = {
    Demarche.PETITE_ENFANCE: "petite enfance",
    Demarche.RESTAURATION_SCOLAIRE: "restauration scolaire",
    Demarche.RESTAURATION_COLLEGE_LYCEE: "restauration au collège et au lycée",
    Demarche.PERISCOLAIRE: "périscolaire",
    Demarche.ACTIVITES_MUNICIPALES: "activités municipales",
    Demarche.TRANSPORT_SCOLAIRE: "transport scolaire",
    Demarche.TARIFICATION_TRANSPORT: "tarification des transports",
    Demarche.AIDES_FACULTATIVES: "aides facultatives",
    Demarche.AIDE_SOCIALE_LEGALE: "aide sociale légale",
    Demarche.AIDE_SOCIALE_LOCALE: "aide sociale locale",
    Demarche.STATIONNEMENT_RESIDENTIEL: "stationnement résidentiel",
    Demarche.URBANISME: "urbanisme",
    Demarche.ETAT_CIVIL: "état civil",
    Demarche.SIGNALEMENT: "signalement",
    Demarche.AUTRE: "autre démarche",
}

SERVICES = {
    Service.FRANCECONNECT_V1: "FranceConnect v1",
    Service.FRANCECONNECT_V2: "FranceConnect v2",
    Service.FRANCECONNECT_PLUS: "FranceConnect+",
    Service.API_PARTICULIER: "API Particulier",
    Service.API_IMPOT_PARTICULIER: "API Impôt Particulier",
}

ACTIVATION_STATES = {
    ActivationState.NONE: "rien de commencé",
    ActivationState.PLANNED: "prévu",
    ActivationState.HABILITATION_SUBMITTED: "habilitation demandée",
    ActivationState.HABILITATION_CHANGES_REQUESTED: "habilitation à compléter",
    ActivationState.HABILITATION_REFUSED: "habilitation refusée",
    ActivationState.HABILITATION_GRANTED: "habilitation accordée",
    ActivationState.IN_INTEGRATION: "en intégration",
    ActivationState.GO_LIVE_REQUESTED: "mise en service demandée",
    ActivationState.IN_PRODUCTION: "en service",
    ActivationState.SUSPENDED: "suspendu",
    ActivationState.STOPPED: "arrêté",
}

INTEGRATION_STATES = {
    IntegrationState.NONE: "rien de commencé",
    IntegrationState.PLANNED: "prévue",
    IntegrationState.SANDBOX: "en bac à sable",
    IntegrationState.QUALIFICATION_REQUESTED: "qualification demandée",
    IntegrationState.QUALIFIED: "qualifiée",
    IntegrationState.SUSPENDED: "suspendue",
    IntegrationState.WITHDRAWN: "retirée",
}

COMMITMENT_STATES = {
    CommitmentState.NONE: "aucun",
    CommitmentState.INVITED: "invité à s’engager",
    CommitmentState.SIGNED: "signé",
    CommitmentState.DECLINED: "refusé",
    CommitmentState.WITHDRAWN: "retiré",
    CommitmentState.EXPIRED: "expiré",
    CommitmentState.BREACH_ALLEGED: "signé, manquement signalé",
    CommitmentState.BREACHED: "non tenu",
}

LEVELS = {
    ShownLevel.SELF_DECLARED: "auto-déclaré",
    ShownLevel.EVIDENCED: "étayé",
    ShownLevel.VERIFIED: "vérifié",
    ShownLevel.CONTESTED: "contesté",
}

SOURCES = {
    Source.VENDOR: "l’éditeur",
    Source.COLLECTIVITE: "la collectivité",
    Source.OPERATOR: "l’opérateur",
    Source.MINISTRY: "le ministère",
    Source.DATAPASS: "DataPass",
}

DISPUTE_KINDS = {
    DisputeKind.INTEGRATION: "statut d’une intégration",
    DisputeKind.SURCHARGE: "surcoût",
}

DISPUTE_STATES = {
    DisputeState.OPEN: "ouverte",
    DisputeState.UNDER_REVIEW: "à l’étude",
    DisputeState.AWAITING_REPLY: "réponse de l’éditeur attendue",
    DisputeState.UPHELD: "reconnue fondée",
    DisputeState.DISMISSED: "écartée",
    DisputeState.WITHDRAWN: "retirée",
}

GRANT_CLAIM_STATES = {
    GrantClaimState.DRAFT: "brouillon",
    GrantClaimState.SUBMITTED: "déposée",
    GrantClaimState.CHANGES_REQUESTED: "à compléter",
    GrantClaimState.ACCEPTED: "acceptée",
    GrantClaimState.REJECTED: "rejetée",
    GrantClaimState.PAID: "versée",
    GrantClaimState.RECOVERY_REQUESTED: "remboursement demandé",
    GrantClaimState.RECOVERED: "remboursée",
    GrantClaimState.CANCELLED: "annulée",
}

SURCHARGE_KINDS = {
    SurchargeKind.ONE_OFF_FEES: "frais ponctuels (mise en place, paramétrage)",
    SurchargeKind.RECURRING_FEES: "frais récurrents (abonnement, maintenance)",
    SurchargeKind.PER_USE_FEES: "frais à l’usage",
    SurchargeKind.COMPULSORY_MODULES: "modules rendus obligatoires",
}

DELIVERY_MODELS = {
    DeliveryModel.SAAS: "hébergé par l’éditeur",
    DeliveryModel.ON_PREMISE: "installé chez la collectivité",
    DeliveryModel.OPEN_SOURCE: "logiciel libre",
}

FEEDS = {
    Feed.QUOTIENT_FAMILIAL: "quotient familial",
    Feed.STATUT_ETUDIANT: "statut d’étudiant",
    Feed.STATUT_BOURSIER: "statut de boursier",
    Feed.STATUT_DEMANDEUR_EMPLOI: "statut de demandeur d’emploi",
    Feed.AVIS_IMPOSITION: "avis d’imposition",
}

TOKEN_SCOPES = {
    TokenScope.READ: "lire",
    TokenScope.DECLARE: "déclarer",
    TokenScope.REVIEW: "instruire",
}

RECENCIES = {
    Recency.LATEST: "par date, la dernière d’abord",
    Recency.OLDEST: "par date, la plus ancienne d’abord",
}

VOWEL = re.compile("[aeiou]|y[^aeiouy]")


def elided(name: str) -> str:
    """What stands before the name: ``d’`` or ``de``, and its space."""
    return "d’" if VOWEL.match(fold(name)) else "de "


def of(name: str) -> str:
    """``d’Ambrozel``, ``du Havre``, ``de Marseille``."""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return elided(name) + name
