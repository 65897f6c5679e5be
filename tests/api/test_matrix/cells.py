"""Who may do what, said by hand from the rules of the registry, and not from its policy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.test_matrix.world import (
    ALLOWED,
    DELEGATE,
    NEW_SERVICE,
    NEWCOMER,
    NOBODY,
    OTHER_TOWN,
    THIRD,
    TOWN,
    A,
    B,
    World,
)
from tests.factories import establishment

Given = Callable[[World], Mapping[str, Any]]

SELLER = frozenset({"vendor", "delegate"})
BODY = frozenset({"town"})
OTHER_BODY = frozenset({"other_town"})
STATE = frozenset({"ministry"})
SIDES = SELLER | BODY | STATE
PEOPLE = frozenset(
    {
        "vendor",
        "other_vendor",
        "town",
        "other_town",
        "operator",
        "delegate",
        "ministry",
        "nobody",
    }
)
PROOF = "https://preuve.example/devis"


@dataclass(frozen=True)
class Row:
    mutation: str
    may: frozenset[str]
    given: Given


def _row(mutation: str, may: frozenset[str], **given: Any) -> Row:
    return Row(mutation, may, lambda world: given)


def _on(mutation: str, may: frozenset[str], field: str, record: str, **given: Any) -> Row:
    return Row(mutation, may, lambda world: {field: world.ids[record], **given})


PORTAL = {"vendorSiren": A, "product": "portail"}
USE = {"collectivite": TOWN, **PORTAL, "demarche": "RESTAURATION_SCOLAIRE"}
FC = {**PORTAL, "service": "FRANCECONNECT_V2"}
CHARGES = ["ONE_OFF_FEES", "RECURRING_FEES", "PER_USE_FEES", "COMPULSORY_MODULES"]

ROWS = (
    _row("registerVendor", frozenset({"nobody"}), siren=NOBODY, name="Nouveau"),
    _row("createVendor", STATE, siren=NEWCOMER, name="Nouveau"),
    _row("editVendor", SELLER | STATE, siren=A, version=1, name="Premier et Fils"),
    _row("publishStatement", SELLER, siren=A, statement="Bientôt."),
    _row("mergeVendors", STATE, siren=THIRD, targetSiren=B),
    _row(
        "addProduct",
        SELLER | STATE,
        vendorSiren=A,
        slug="neuf",
        name="Neuf",
        citizenLogin=True,
        demarches=["URBANISME"],
    ),
    _row("editProduct", SELLER | STATE, **PORTAL, version=1, name="Portail 2"),
    _row("retireProduct", SELLER | STATE, **PORTAL, version=1, retiredOn="2025-01-01"),
    _row("renameProduct", STATE, **PORTAL, version=1, slug="autre"),
    _row("transferProduct", STATE, **PORTAL, version=1, newVendorSiren=B),
    _row("recordIntegration", SELLER, **PORTAL, service="FRANCECONNECT_PLUS", state="SANDBOX"),
    _on("amendIntegration", SELLER, "step", "step", **FC, minVersion="2"),
    _on("confirmIntegration", SELLER, "step", "step", **FC),
    _on("reviewIntegration", STATE, "step", "step", **FC, decision="VERIFY"),
    _row("suspendIntegration", STATE, **FC, reason="Ne marche plus."),
    Row(
        "signCommitment",
        SELLER,
        lambda world: {
            "vendorSiren": A,
            "charterVersion": world.said["charter"],
            "signatory": "Une personne",
            "signatoryCapacity": "Présidente",
            "scope": CHARGES,
        },
    ),
    _row("declineCommitment", SELLER, vendorSiren=A),
    _row("withdrawCommitment", SELLER, **PORTAL),
    _row("inviteCommitment", STATE, vendorSiren=A),
    _row("acceptCommitment", STATE, vendorSiren=A, product="reserve", reason="Remboursé."),
    _row("openDispute", BODY, collectivite=TOWN, **PORTAL, kind="SURCHARGE", statement="Payant."),
    _on("reviewDispute", STATE, "dispute", "open"),
    _on("askReply", STATE, "dispute", "examined"),
    _on("replyToDispute", SELLER, "dispute", "asked", reason="C’est réparé."),
    _on("upholdDispute", STATE, "dispute", "replied"),
    _on("dismissDispute", STATE, "dispute", "examined", reason="Version ancienne."),
    _on("withdrawDispute", BODY, "dispute", "open"),
    _on("reopenDispute", BODY | STATE, "dispute", "dismissed", evidenceUrl=PROOF),
    _on("reopenDispute", SELLER | STATE, "dispute", "upheld", evidenceUrl=PROOF),
    _row("claimGrant", OTHER_BODY, collectivite=OTHER_TOWN),
    _on("submitGrantClaim", BODY, "claim", "DRAFT"),
    _on("cancelGrantClaim", BODY, "claim", "SUBMITTED"),
    _on("requestGrantChanges", STATE, "claim", "SUBMITTED", reason="Facture absente."),
    _on("acceptGrantClaim", STATE, "claim", "SUBMITTED"),
    _on("rejectGrantClaim", STATE, "claim", "SUBMITTED", reason="Hors délai."),
    _on("markGrantPaid", STATE, "claim", "ACCEPTED"),
    _on("requestGrantRecovery", STATE, "claim", "PAID", reason="Versée deux fois."),
    _on("markGrantRecovered", STATE, "claim", "RECOVERY_REQUESTED"),
    _row(
        "declareDeployment",
        SIDES,
        collectivite=TOWN,
        vendorSiren=A,
        product="reserve",
        demarche="URBANISME",
    ),
    _on("confirmDeployment", BODY | STATE, "id", "sold"),
    _on("confirmDeployment", SELLER | STATE, "id", "used"),
    _on("correctDeployment", SIDES, "id", "sold", version=1, since="2022-01-01"),
    _on("correctDeployment", BODY | STATE, "id", "used", version=1, since="2022-01-01"),
    _on(
        "correctDeployment",
        SIDES | {"operator"},
        "id",
        "operated",
        version=1,
        since="2022-01-01",
    ),
    _on("endDeployment", SIDES, "id", "sold", version=1),
    _on("endDeployment", SIDES | {"operator"}, "id", "operated", version=1),
    _row(
        "recordActivation",
        SIDES | {"operator"},
        **USE,
        service="FRANCECONNECT_V2",
        state="PLANNED",
    ),
    _row("nameSoftware", BODY, collectivite=TOWN, name="Autre", demarches=["URBANISME"]),
    _on("settleSoftware", STATE, "id", "request", **PORTAL),
    _on("refuseSoftware", STATE, "id", "request", reason="Introuvable."),
    _row("declareNoOnlineDemarche", OTHER_BODY, collectivite=OTHER_TOWN, since="2023-01-01"),
    _row("withdrawNoOnlineDemarche", OTHER_BODY, collectivite=OTHER_TOWN),
    Row(
        "editCampaign",
        STATE,
        lambda world: {"version": world.said["campaign"], "totalTarget": 4000},
    ),
    _row("allowSiret", STATE, siret=establishment(NEW_SERVICE), label="Service"),
    _row("disallowSiret", STATE, siret=establishment(ALLOWED)),
    _row(
        "nameDelegate",
        frozenset({"vendor"}),
        siren=A,
        delegateSiren=DELEGATE,
        email="autre@organisation.example",
    ),
    _on("endDelegation", frozenset({"vendor"}), "id", "delegation"),
    _row("createToken", PEOPLE, name="neuf", scopes=["READ"], days=10),
    _on("rotateToken", frozenset({"vendor"}), "id", "token"),
    _on("revokeToken", frozenset({"vendor"}), "id", "token"),
)
