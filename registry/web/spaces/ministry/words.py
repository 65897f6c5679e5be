"""The ledger's words in French."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.domain import words

NOUNS: Mapping[str, str] = {
    "vendor": "éditeur",
    "product": "logiciel",
    "product_former_key": "ancienne adresse d’un logiciel",
    "integration": "intégration",
    "commitment": "engagement",
    "collectivite": "collectivité",
    "collectivite_former_code": "ancien code d’une collectivité",
    "territory": "territoire",
    "deployment": "usage d’un logiciel",
    "activation": "raccordement",
    "dispute": "contestation",
    "dispute_transition": "étape d’une contestation",
    "grant_claim": "demande de subvention",
    "grant_claim_transition": "étape d’une demande de subvention",
    "software_request": "logiciel nommé",
    "campaign": "campagne",
    "target": "objectif",
    "allowed_siret": "établissement du ministère",
    "delegation": "délégation",
    "token": "jeton",
    "evidence": "pièce justificative",
    "account": "compte",
}
ACTIONS: Mapping[str, str] = {
    "create": "créé",
    "claim": "demandé",
    "vendor.claim": "fiche reprise par l’éditeur",
    "edit": "modifié",
    "update": "modifié",
    "delete": "supprimé",
    "import": "importé",
    "merge": "réuni à un autre",
    "publish": "prise de parole publiée",
    "rename": "renommé",
    "retire": "retiré de la vente",
    "transfer": "transféré",
    "record": "déclaré",
    "amend": "précisé",
    "verify": "vérifié",
    "send_back": "renvoyé",
    "suspend": "suspendu",
    "sign": "signé",
    "decline": "refusé",
    "withdraw": "retiré",
    "invite": "invité",
    "accept": "rétabli",
    "expire": "expiré",
    "confirm": "confirmé",
    "correct": "corrigé",
    "end": "fin",
    "open": "ouvert",
    "review": "mis à l’étude",
    "ask": "réponse demandée",
    "reply": "réponse donnée",
    "uphold": "reconnu fondé",
    "dismiss": "écarté",
    "reopen": "rouvert",
    "submitted": "déposé",
    "cancelled": "annulé",
    "changes_requested": "à compléter",
    "accepted": "accepté",
    "rejected": "rejeté",
    "paid": "versé",
    "recovery_requested": "remboursement demandé",
    "recovered": "remboursé",
    "settle": "rattaché",
    "refuse": "refusé",
    "remove": "retiré",
    "give": "déposé",
    "rotate": "renouvelé",
    "revoke": "révoqué",
    "sign-in": "connexion",
    "sign-out": "déconnexion",
}
FIELDS: Mapping[str, str] = {
    "siren": "SIREN",
    "name": "nom",
    "website": "site",
    "contact": "contact",
    "statement": "déclaration",
    "claimed_on": "fiche reprise le",
    "slug": "identifiant",
    "delivery_model": "mise à disposition",
    "citizen_login": "connexion des usagers",
    "demarches": "démarches",
    "retired_on": "retiré de la vente le",
    "vendor_siren": "SIREN de l’éditeur",
    "vendor_name": "nom de l’éditeur",
    "service": "service",
    "feeds": "données pré-remplies",
    "target_date": "prévu pour le",
    "min_version": "version minimale",
    "evidence_level": "niveau de preuve",
    "review": "avis du ministère",
    "charter_version": "version de la charte",
    "scope": "portée",
    "exclusions": "exclusions",
    "valid_until": "valable jusqu’au",
    "population": "population",
    "no_online_demarche_since": "sans démarche en ligne depuis le",
    "closed_on": "disparue le",
    "demarche": "démarche",
    "since": "depuis le",
    "until": "jusqu’au",
    "operator": "opérateur",
    "declared_by": "déclaré par",
    "confirmed_by": "confirmé par",
    "kind": "nature",
    "surcharge_kind": "nature du surcoût",
    "amount_cents": "montant, en centimes",
    "reply_due_on": "réponse attendue le",
    "refusal": "motif du refus",
    "deadline": "échéance",
    "accepted_services": "services acceptés",
    "total_target": "collectivités à raccorder",
    "grant_amount_cents": "subvention, en centimes",
    "stratum": "strate",
    "share": "part",
}

_FLAGS = {"true": "oui", "false": "non"}
_STATES = (
    words.INTEGRATION_STATES,
    words.COMMITMENT_STATES,
    words.ACTIVATION_STATES,
    words.DISPUTE_STATES,
    words.GRANT_CLAIM_STATES,
)
_VALUES = (
    words.DEMARCHES,
    words.SERVICES,
    words.FEEDS,
    words.LEVELS,
    words.SOURCES,
    words.STRATA,
    words.DISPUTE_KINDS,
    words.SURCHARGE_KINDS,
    words.DELIVERY_MODELS,
)


def _known(tables: Sequence[Mapping[Any, str]]) -> dict[str, str]:
    """What two of them share is said by the first."""
    found: dict[str, str] = {}
    for table in tables:
        found = {code.value: said for code, said in table.items()} | found
    return found


STATES: Mapping[str, str] = _known(_STATES)
VALUES: Mapping[str, str] = _known(_VALUES) | _FLAGS


def value(text: str) -> str:
    """A value of the ledger, or several: codes become words, the rest stays."""
    return ", ".join(VALUES.get(part, part) for part in text.split(", "))
