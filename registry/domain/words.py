"""The registry's words as people read them in French."""

from models import ActivationState, CollectiviteKind, Demarche, Service, Stratum
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.verdicts import Verdict

STRATA = {
    Stratum.DEPARTEMENT: "Départements",
    Stratum.EPCI: "Intercommunalités",
    Stratum.COMMUNE_OVER_3500: "Communes de plus de 3 500 habitants",
    Stratum.COMMUNE_UP_TO_3500: "Communes jusqu’à 3 500 habitants",
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
