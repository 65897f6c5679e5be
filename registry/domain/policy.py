"""Who may do what: one table, deny by default. A capacity is a role that owns the subject."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from models import (
    CommitmentState,
    DisputeState,
    GrantClaimState,
    IntegrationState,
    Source,
    TokenScope,
)
from registry.domain.actor import Actor, Role
from registry.domain.errors import NotAllowed, NotSignedIn


class Capacity(StrEnum):
    """As whom one acts. ``ORGANISATION`` is any body whose SIREN is the subject's, or its delegate;
    ``MEMBER`` is no delegate.
    """

    COLLECTIVITE = "COLLECTIVITE"
    VENDOR = "VENDOR"
    OPERATOR = "OPERATOR"
    MINISTRY = "MINISTRY"
    ORGANISATION = "ORGANISATION"
    MEMBER = "MEMBER"
    ADMINISTRATOR = "ADMINISTRATOR"

    @property
    def source(self) -> Source:
        """What the rows written so say of their author. Raises ``ValueError`` for the others."""
        return Source(self.value)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose record it is: ids of the vendor and the collectivité, SIREN of the operators that the
    collectivité or the ministry acknowledged, SIREN of the organisation itself.

    ``said_by`` is who declared what is reviewed.
    """

    vendor: int | None = None
    collectivite: int | None = None
    operators: frozenset[str] = frozenset()
    siren: str | None = None
    said_by: Source | None = None


class Action(StrEnum):
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    MANAGE_ALLOW_LIST = "MANAGE_ALLOW_LIST"
    MANAGE_CAMPAIGN = "MANAGE_CAMPAIGN"
    MANAGE_TOKENS = "MANAGE_TOKENS"
    SEE_TOKENS = "SEE_TOKENS"
    NAME_DELEGATES = "NAME_DELEGATES"
    SEE_DELEGATES = "SEE_DELEGATES"
    GIVE_EVIDENCE = "GIVE_EVIDENCE"
    REGISTER_VENDOR = "REGISTER_VENDOR"
    CREATE_VENDOR = "CREATE_VENDOR"
    EDIT_VENDOR = "EDIT_VENDOR"
    PUBLISH_STATEMENT = "PUBLISH_STATEMENT"
    MERGE_VENDORS = "MERGE_VENDORS"
    ADD_PRODUCT = "ADD_PRODUCT"
    EDIT_PRODUCT = "EDIT_PRODUCT"
    MOVE_PRODUCT = "MOVE_PRODUCT"
    RECORD_INTEGRATION = "RECORD_INTEGRATION"
    REVIEW_INTEGRATION = "REVIEW_INTEGRATION"
    MOVE_COMMITMENT = "MOVE_COMMITMENT"
    REVIEW_COMMITMENT = "REVIEW_COMMITMENT"
    SEE_SIGNATORY = "SEE_SIGNATORY"
    SEE_EVIDENCE = "SEE_EVIDENCE"
    DECLARE_DEPLOYMENT = "DECLARE_DEPLOYMENT"
    CONFIRM_DEPLOYMENT = "CONFIRM_DEPLOYMENT"
    CORRECT_DEPLOYMENT = "CORRECT_DEPLOYMENT"
    DECLARE_IN_BULK = "DECLARE_IN_BULK"
    SEE_BULK = "SEE_BULK"
    RECORD_ACTIVATION = "RECORD_ACTIVATION"
    NAME_SOFTWARE = "NAME_SOFTWARE"
    SEE_SOFTWARE_REQUESTS = "SEE_SOFTWARE_REQUESTS"
    SETTLE_SOFTWARE = "SETTLE_SOFTWARE"
    DECLARE_NO_DEMARCHE = "DECLARE_NO_DEMARCHE"
    OPEN_DISPUTE = "OPEN_DISPUTE"
    WITHDRAW_DISPUTE = "WITHDRAW_DISPUTE"
    REPLY_TO_DISPUTE = "REPLY_TO_DISPUTE"
    REOPEN_DISPUTE = "REOPEN_DISPUTE"
    EXAMINE_DISPUTE = "EXAMINE_DISPUTE"
    SEE_DISPUTES = "SEE_DISPUTES"
    CLAIM_GRANT = "CLAIM_GRANT"
    MOVE_GRANT = "MOVE_GRANT"
    SEE_GRANTS = "SEE_GRANTS"
    SEE_QUEUE = "SEE_QUEUE"
    SEE_CLIENTS = "SEE_CLIENTS"


@dataclass(frozen=True, slots=True)
class Rule:
    """``capacities`` in order of preference, where one may act in several. ``states`` are those
    that a capacity may move to (for a reopening, from); a capacity that is absent from it may
    move to any. ``of_others``: nobody may, in whatever capacity, who acts for the one that said it.
    A machine needs the ``scope``; without one, only people may.
    """

    capacities: tuple[Capacity, ...]
    refusal: str
    scope: TokenScope | None = TokenScope.DECLARE
    states: Mapping[Capacity, frozenset[StrEnum]] = field(default_factory=dict)
    of_others: bool = False


_OWNER = "Seul l’éditeur peut le faire, pour ce qui est à lui."
_TOWN = "Seule la collectivité concernée peut le faire."
_MINISTRY = "Seul le ministère peut le faire."
_V, _C, _O, _M = (
    Capacity.VENDOR,
    Capacity.COLLECTIVITE,
    Capacity.OPERATOR,
    Capacity.MINISTRY,
)
_SIDES = "Seuls la collectivité, l’éditeur du logiciel ou le ministère peuvent le faire."


def _by_ministry(refusal: str = _MINISTRY) -> Rule:
    return Rule((_M,), refusal, TokenScope.REVIEW)


RULES: Mapping[Action, Rule] = {
    Action.IMPORT: Rule(
        (Capacity.ADMINISTRATOR,), "Seul l’administrateur du registre peut importer des données."
    ),
    Action.EXPORT: Rule(
        (Capacity.ADMINISTRATOR,),
        "Seul l’administrateur du registre peut exporter le registre entier.",
    ),
    Action.MANAGE_ALLOW_LIST: Rule((_M, Capacity.ADMINISTRATOR), _MINISTRY, scope=None),
    Action.MANAGE_CAMPAIGN: _by_ministry(),
    Action.MANAGE_TOKENS: Rule(
        (Capacity.MEMBER, Capacity.ADMINISTRATOR),
        "On ne gère que les jetons de sa propre organisation.",
    ),
    Action.SEE_TOKENS: Rule(
        (Capacity.MEMBER,), "On ne lit que les jetons de sa propre organisation.", TokenScope.READ
    ),
    Action.SEE_DELEGATES: Rule(
        (Capacity.MEMBER,),
        "On ne lit que les délégations de sa propre organisation.",
        TokenScope.READ,
    ),
    Action.NAME_DELEGATES: Rule(
        (Capacity.MEMBER,), "On ne nomme de délégué que pour sa propre organisation.", scope=None
    ),
    Action.GIVE_EVIDENCE: Rule(
        (Capacity.ORGANISATION,), "Une pièce se dépose au nom de sa propre organisation."
    ),
    Action.REGISTER_VENDOR: Rule(
        (Capacity.ORGANISATION,),
        "On n’inscrit que sa propre organisation : le SIREN doit être celui de la connexion.",
    ),
    Action.CREATE_VENDOR: _by_ministry(),
    Action.EDIT_VENDOR: Rule((_V, _M), _OWNER),
    Action.PUBLISH_STATEMENT: Rule((_V,), _OWNER),
    Action.MERGE_VENDORS: _by_ministry(),
    Action.ADD_PRODUCT: Rule((_V, _M), _OWNER),
    Action.EDIT_PRODUCT: Rule((_V, _M), _OWNER),
    Action.MOVE_PRODUCT: _by_ministry(),
    Action.RECORD_INTEGRATION: Rule((_V,), _OWNER),
    Action.REVIEW_INTEGRATION: Rule(
        (_M,),
        "Seul le ministère vérifie une déclaration, et jamais la sienne.",
        TokenScope.REVIEW,
        {_M: frozenset({IntegrationState.SANDBOX, IntegrationState.SUSPENDED})},
    ),
    Action.MOVE_COMMITMENT: Rule(
        (_V,),
        "Seul l’éditeur signe, refuse ou retire son engagement.",
        states={
            _V: frozenset(
                {CommitmentState.SIGNED, CommitmentState.DECLINED, CommitmentState.WITHDRAWN}
            )
        },
    ),
    Action.REVIEW_COMMITMENT: Rule(
        (_M,),
        "Seul le ministère invite un éditeur à s’engager, ou rétablit une signature après un"
        " manquement, et jamais la sienne.",
        TokenScope.REVIEW,
        {_M: frozenset({CommitmentState.INVITED, CommitmentState.SIGNED})},
    ),
    Action.SEE_SIGNATORY: Rule(
        (_V, _M), "Le nom du signataire est pour l’éditeur et le ministère.", TokenScope.READ
    ),
    Action.DECLARE_DEPLOYMENT: Rule((_C, _V, _M), _SIDES),
    Action.CONFIRM_DEPLOYMENT: Rule(
        (_C, _V, _M),
        "Un usage est confirmé par l’autre partie que celle qui l’a déclaré, ou par le ministère.",
        of_others=True,
    ),
    Action.CORRECT_DEPLOYMENT: Rule((_C, _V, _O, _M), _SIDES),
    Action.DECLARE_IN_BULK: Rule(
        (_V, Capacity.ORGANISATION, _M),
        "Un fichier est déposé par l’éditeur, l’opérateur ou le ministère.",
    ),
    Action.SEE_BULK: Rule(
        (Capacity.ORGANISATION,),
        "Un fichier se lit par l’organisation pour laquelle il a été envoyé.",
        TokenScope.READ,
    ),
    Action.RECORD_ACTIVATION: Rule(
        (_C, _O, _V, _M),
        "Seuls la collectivité, son opérateur, l’éditeur du logiciel ou le ministère"
        " peuvent le faire.",
    ),
    Action.NAME_SOFTWARE: Rule((_C,), _TOWN),
    Action.SEE_SOFTWARE_REQUESTS: Rule(
        (_C, _M), "Un logiciel nommé se lit par la collectivité et le ministère.", TokenScope.READ
    ),
    Action.SETTLE_SOFTWARE: _by_ministry(),
    Action.DECLARE_NO_DEMARCHE: Rule((_C,), _TOWN),
    Action.OPEN_DISPUTE: Rule((_C,), _TOWN),
    Action.WITHDRAW_DISPUTE: Rule((_C,), _TOWN),
    Action.REPLY_TO_DISPUTE: Rule((_V,), _OWNER),
    Action.REOPEN_DISPUTE: Rule(
        (_C, _V, _M),
        "La collectivité fait rouvrir une contestation écartée, l’éditeur une contestation"
        " reconnue fondée, le ministère l’une et l’autre.",
        states={
            _C: frozenset({DisputeState.DISMISSED}),
            _V: frozenset({DisputeState.UPHELD}),
        },
    ),
    Action.EXAMINE_DISPUTE: _by_ministry(
        "Seul le ministère instruit une contestation, et jamais celle où il est partie."
    ),
    Action.SEE_DISPUTES: Rule(
        (_C, _V, _M),
        "Une contestation se lit par la collectivité, l’éditeur mis en cause et le ministère.",
        TokenScope.READ,
    ),
    Action.CLAIM_GRANT: Rule((_C,), _TOWN),
    Action.MOVE_GRANT: Rule(
        (_C, _M),
        "La collectivité dépose ou annule sa demande, le ministère décide.",
        states={
            _C: frozenset({GrantClaimState.SUBMITTED, GrantClaimState.CANCELLED}),
            _M: frozenset(
                {
                    GrantClaimState.CHANGES_REQUESTED,
                    GrantClaimState.ACCEPTED,
                    GrantClaimState.REJECTED,
                    GrantClaimState.PAID,
                    GrantClaimState.RECOVERY_REQUESTED,
                    GrantClaimState.RECOVERED,
                }
            ),
        },
    ),
    Action.SEE_EVIDENCE: Rule(
        (Capacity.ORGANISATION, _V, _C, _M),
        "Une pièce est pour qui l’a déposée, les parties de la contestation et le ministère.",
        TokenScope.READ,
    ),
    Action.SEE_GRANTS: Rule(
        (_C, _M),
        "Une demande de subvention se lit par la collectivité et le ministère.",
        TokenScope.READ,
    ),
    Action.SEE_QUEUE: Rule((_M,), _MINISTRY, TokenScope.READ),
    Action.SEE_CLIENTS: Rule(
        (_V, _C, _M),
        "Le détail des clients est pour l’éditeur, la collectivité concernée et le ministère.",
        TokenScope.READ,
    ),
}

NOT_SIGNED_IN = "Il faut être connecté pour cela."
OUT_OF_SCOPE = "Ce jeton n’a pas la portée {scope}."
PEOPLE_ONLY = "Une personne connectée peut le faire, jamais un jeton."


def authorise(
    actor: Actor, action: Action, subject: Subject = Subject(), state: StrEnum | None = None
) -> Capacity:
    """As whom the actor does it. Raise ``NotSignedIn``, or ``NotAllowed`` with the reason."""
    rule = admit(actor, action)
    if rule.of_others and _said_it(actor, subject):
        raise NotAllowed(rule.refusal)
    for capacity in rule.capacities:
        allowed = rule.states.get(capacity)
        if _acts_as(capacity, actor, subject) and (
            state is None or allowed is None or state in allowed
        ):
            return capacity
    raise NotAllowed(rule.refusal)


def require_signed_in(actor: Actor) -> None:
    """For what must look something up before it can tell whose it is."""
    if actor.role is Role.PUBLIC:
        raise NotSignedIn(NOT_SIGNED_IN)


def admit(actor: Actor, action: Action) -> Rule:
    """What can be refused before the subject is looked for, so that a stranger learns nothing."""
    require_signed_in(actor)
    rule = RULES.get(action)
    if rule is None:
        raise NotAllowed(_MINISTRY)
    _check_scope(actor, rule)
    return rule


def _check_scope(actor: Actor, rule: Rule) -> None:
    if actor.scopes is None:
        return
    if rule.scope is None:
        raise NotAllowed(PEOPLE_ONLY)
    if rule.scope not in actor.scopes:
        raise NotAllowed(OUT_OF_SCOPE.format(scope=rule.scope))


def admits(actor: Actor, action: Action) -> bool:
    """Whether some subject may be found for which the actor does it."""
    try:
        admit(actor, action)
    except (NotSignedIn, NotAllowed):
        return False
    return True


def may(
    actor: Actor, action: Action, subject: Subject = Subject(), state: StrEnum | None = None
) -> bool:
    try:
        authorise(actor, action, subject, state)
    except (NotSignedIn, NotAllowed):
        return False
    return True


def _said_it(actor: Actor, subject: Subject) -> bool:
    if subject.said_by is None:
        return False
    return _acts_as(Capacity(subject.said_by.value), actor, replace(subject, said_by=None))


def _acts_as(capacity: Capacity, actor: Actor, subject: Subject) -> bool:
    owns_product = subject.vendor in actor.vendors
    match capacity:
        case Capacity.ADMINISTRATOR:
            return actor.role is Role.ADMINISTRATOR
        case Capacity.MINISTRY:
            return actor.role is Role.MINISTRY and subject.said_by is not Source.MINISTRY
        case Capacity.VENDOR:
            return owns_product
        case Capacity.COLLECTIVITE:
            return subject.collectivite in actor.collectivites
        case Capacity.OPERATOR:
            return not owns_product and not subject.operators.isdisjoint(actor.sirens)
        case Capacity.ORGANISATION:
            return subject.siren in actor.sirens
        case Capacity.MEMBER:
            return subject.siren is not None and subject.siren == actor.organisation
