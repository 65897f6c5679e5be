"""Where records are, along their arrows."""

from models import (
    ActivationState,
    BulkState,
    CommitmentState,
    DisputeState,
    GrantClaimState,
    IntegrationState,
    SoftwareRequestState,
)
from registry.api.words.describing import describe
from registry.domain.tokens import TokenState

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
    TokenState,
    "État d’un jeton.",
    {"ACTIVE": "En vigueur.", "EXPIRED": "Arrivé à son terme.", "REVOKED": "Révoqué."},
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
