"""The ledger's words in French."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from registry.domain import words
from registry.web.french import day, euros, number

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
    "web_session": "session",
    "schema_digest": "murs de la base",
}
ACTIONS: Mapping[str, str] = {
    "create": "création",
    "claim": "reprise",
    "vendor.claim": "reprise de la fiche par l’éditeur",
    "edit": "modification",
    "update": "modification",
    "delete": "suppression",
    "erase": "effacement",
    "import": "import",
    "merge": "réunion à un autre",
    "publish": "prise de parole",
    "rename": "changement de nom",
    "retire": "retrait de la vente",
    "transfer": "transfert",
    "record": "déclaration",
    "amend": "précision",
    "verify": "vérification",
    "send_back": "renvoi",
    "suspend": "suspension",
    "sign": "signature",
    "decline": "refus",
    "withdraw": "retrait",
    "invite": "invitation",
    "accept": "rétablissement",
    "expire": "fin de validité",
    "confirm": "confirmation",
    "correct": "correction",
    "end": "fin",
    "open": "ouverture",
    "review": "mise à l’étude",
    "ask": "demande de réponse",
    "reply": "réponse",
    "uphold": "décision",
    "dismiss": "décision",
    "reopen": "réouverture",
    "submitted": "dépôt",
    "cancelled": "annulation",
    "changes_requested": "demande de compléments",
    "accepted": "acceptation",
    "rejected": "rejet",
    "paid": "versement",
    "recovery_requested": "demande de remboursement",
    "recovered": "remboursement",
    "settle": "rattachement",
    "refuse": "refus",
    "remove": "retrait",
    "give": "dépôt",
    "rotate": "renouvellement",
    "revoke": "révocation",
    "sign-in": "connexion",
    "sign-out": "déconnexion",
}
"""Nouns: nothing has to agree with them."""
FIELDS: Mapping[str, str] = {
    "siren": "SIREN",
    "name": "nom",
    "website": "site",
    "contact": "contact",
    "statement": "déclaration",
    "claimed_on": "fiche reprise le",
    "slug": "identifiant",
    "delivery_model": "mode de fourniture",
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
    "amount_cents": "montant",
    "reply_due_on": "réponse attendue le",
    "refusal": "motif du refus",
    "deadline": "échéance",
    "accepted_services": "services acceptés",
    "total_target": "collectivités à raccorder",
    "grant_amount_cents": "subvention",
    "stratum": "strate",
    "share": "part",
}

DAYS = (
    *("claimed_on", "retired_on", "target_date", "valid_until", "no_online_demarche_since"),
    *("closed_on", "since", "until", "reply_due_on", "deadline"),
)
SUMS = ("amount_cents", "grant_amount_cents")
COUNTS = ("population", "total_target")

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


def value(field: str, text: str) -> str:
    """A value of the ledger, or several: codes become words, the rest stays."""
    if field in DAYS:
        return day(date.fromisoformat(text))
    if field in SUMS:
        return euros(int(text))
    if field in COUNTS:
        return number(int(text))
    if field == "share":
        hundredths = Decimal(text) * 100
        return f"{number(float(hundredths), 0 if hundredths % 1 == 0 else 1)}\u00a0%"
    return ", ".join(VALUES.get(part, part) for part in text.split(", "))
