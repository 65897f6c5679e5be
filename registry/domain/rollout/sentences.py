"""The next step as a person reads it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from models import ActivationState, CommitmentState, Demarche
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.situation import Contact, Use
from registry.domain.words import COMMITMENT_STATES, DEMARCHES, of

DECLINED, BREACHED = (
    COMMITMENT_STATES[state] for state in (CommitmentState.DECLINED, CommitmentState.BREACHED)
)
ALL_CONNECTED = (
    "FranceConnect est en service sur toutes vos démarches connues : vous n’avez rien à faire."
)
NO_ONLINE_DEMARCHE = (
    "Vous avez déclaré ne proposer aucune démarche en ligne : rien ne vous est demandé."
)
NO_SOFTWARE = (
    "Aucun logiciel de démarches en ligne n’est connu pour vous : indiquez celui que vous"
    " utilisez, ou déclarez que vous ne proposez pas de démarche en ligne."
)

UNDER_WAY: Mapping[ActivationState, tuple[str, str]] = {
    ActivationState.PLANNED: (
        "le raccordement à FranceConnect est prévu",
        "Déposez votre demande d’habilitation.",
    ),
    ActivationState.HABILITATION_SUBMITTED: (
        "votre demande d’habilitation à FranceConnect est en cours d’instruction",
        "Attendez la réponse : rien d’autre ne vous est demandé.",
    ),
    ActivationState.HABILITATION_CHANGES_REQUESTED: (
        "des modifications sont demandées sur votre demande d’habilitation à FranceConnect",
        "Complétez-la et déposez-la de nouveau.",
    ),
    ActivationState.HABILITATION_REFUSED: (
        "votre demande d’habilitation à FranceConnect a été refusée",
        "Corrigez-la et déposez-la de nouveau.",
    ),
    ActivationState.HABILITATION_GRANTED: (
        "votre habilitation à FranceConnect est accordée",
        "Demandez à {askers} de mettre FranceConnect en service.",
    ),
    ActivationState.IN_INTEGRATION: (
        "FranceConnect est en cours d’intégration",
        "Suivez sa mise en service avec {askers}.",
    ),
    ActivationState.GO_LIVE_REQUESTED: (
        "la mise en service de FranceConnect est demandée",
        "Attendez-la : rien d’autre ne vous est demandé.",
    ),
    ActivationState.SUSPENDED: (
        "FranceConnect est suspendu",
        "Demandez à {askers} de le remettre en service.",
    ),
}
"""Where an activation stands, and what is expected of the collectivité now."""


def closed(day: date) -> str:
    return f"Cette collectivité n’existe plus depuis le {day:%d/%m/%Y} : rien ne lui est demandé."


def standing(state: ActivationState, uses: Sequence[Use], contacts: Sequence[Contact]) -> str:
    """Where the activation is, and nothing of what to do."""
    demarches = _demarches(uses)
    place = f"{demarches[0].upper()}{demarches[1:]}, sur {_named(contacts)}"
    return f"{place} : {UNDER_WAY[state][0]}."


def under_way(state: ActivationState, uses: Sequence[Use], contacts: Sequence[Contact]) -> str:
    askers = _askers(contacts)
    action = UNDER_WAY[state][1].format(askers=askers)
    sentence = f"{standing(state, uses, contacts)} {action}"
    if any(use.readiness is Readiness.COST_UNKNOWN for use in uses):
        sentence += (
            f" Le prix n’en est pas connu : demandez à {askers} de s’engager à le fournir sans"
            " surcoût."
        )
    return sentence


def to_begin(readiness: Readiness, uses: Sequence[Use], contacts: Sequence[Contact]) -> str:
    names, askers = _named(contacts), _askers(contacts)
    if readiness is Readiness.READY:
        return _ready(contacts)
    if readiness is Readiness.COST_UNKNOWN:
        return (
            f"FranceConnect est intégré à {names}, mais le prix n’en est pas connu : demandez à"
            f" {askers} de s’engager à le fournir sans surcoût."
        )
    if readiness is Readiness.BLOCKED_BY_SURCHARGE:
        return (
            f"FranceConnect est intégré à {names}, mais l’absence de surcoût n’est pas acquise"
            f" (engagement {DECLINED} ou {BREACHED}) : demandez à {askers} de l’offrir sans"
            " surcoût."
        )
    silent = not any(use.declared for use in uses)
    status = (
        "aucune intégration n’a été déclarée à ce jour" if silent else "il n’est pas encore prêt"
    )
    return (
        f"FranceConnect ne peut pas être activé pour l’instant sur {names} : {status}."
        f" Demandez à {askers} de l’intégrer et d’en donner la date."
    )


def _ready(contacts: Sequence[Contact]) -> str:
    own = [contact for contact in contacts if contact.in_house]
    bought = [contact for contact in contacts if not contact.in_house]
    actions = [f"activez FranceConnect sur {_named(own)}"] if own else []
    if bought:
        actions.append(
            f"demandez l’activation de FranceConnect, sans surcoût, sur {_named(bought)}"
        )
    whom = f" Adressez-vous à {_askers(bought)}." if bought else ""
    return f"Vous pouvez agir dès maintenant : {' ; '.join(actions)}.{whom}"


def left(remaining: Iterable[Use]) -> str:
    return (
        "FranceConnect est déjà en service chez vous. Il reste à raccorder :"
        f" {_demarches(remaining)}."
    )


def conditions(version: str | None, exclusions: str | None) -> str:
    needed = f" Version minimale : {version}." if version else ""
    left_out = f" L’engagement ne couvre pas : {exclusions}." if exclusions else ""
    return needed + left_out


def dismissed(contact: Contact, reason: str) -> str:
    return (
        f" Votre contestation au sujet {of(contact.product_name)} a été écartée par le ministère,"
        f" avec ce motif : « {reason} »."
    )


def ordered(uses: Iterable[Use]) -> tuple[Demarche, ...]:
    return tuple(sorted({use.demarche for use in uses}, key=list(Demarche).index))


def _demarches(uses: Iterable[Use]) -> str:
    return _listed(DEMARCHES[demarche] for demarche in ordered(uses))


def _named(contacts: Iterable[Contact]) -> str:
    return _listed(
        f"votre logiciel {contact.product_name}, développé par vos services"
        if contact.in_house
        else f"{contact.product_name} ({contact.vendor_name})"
        for contact in contacts
    )


def _askers(contacts: Iterable[Contact]) -> str:
    return _listed(dict.fromkeys(map(_reached, contacts)))


def _reached(contact: Contact) -> str:
    if contact.in_house:
        return "vos services"
    return f"{contact.vendor_name} ({contact.address})" if contact.address else contact.vendor_name


def _listed(names: Iterable[str]) -> str:
    *earlier, last = names
    return f"{', '.join(earlier)} et {last}" if earlier else last
