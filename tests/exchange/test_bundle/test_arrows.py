"""The arrows of domain.md §4, by themselves and as an import follows them."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from models import ActivationState, CommitmentState, DisputeState, GrantClaimState, IntegrationState
from registry.database import Database
from registry.domain import transitions
from registry.domain.errors import NotInThisState
from tests.exchange.bundles import imported, refused, small, stored, write
from tests.exchange.test_bundle.support import Row, step

INTEGRATION = {
    "NONE": "PLANNED SANDBOX QUALIFICATION_REQUESTED QUALIFIED WITHDRAWN",
    "PLANNED": "SANDBOX QUALIFICATION_REQUESTED QUALIFIED WITHDRAWN",
    "SANDBOX": "QUALIFICATION_REQUESTED QUALIFIED WITHDRAWN",
    "QUALIFICATION_REQUESTED": "SANDBOX QUALIFIED WITHDRAWN",
    "QUALIFIED": "SUSPENDED WITHDRAWN",
    "SUSPENDED": "QUALIFIED WITHDRAWN",
    "WITHDRAWN": "PLANNED",
}
COMMITMENT = {
    "NONE": "INVITED SIGNED DECLINED",
    "INVITED": "SIGNED DECLINED",
    "DECLINED": "SIGNED",
    "SIGNED": "WITHDRAWN EXPIRED BREACH_ALLEGED",
    "BREACH_ALLEGED": "SIGNED BREACHED",
    "WITHDRAWN": "SIGNED",
    "EXPIRED": "SIGNED",
    "BREACHED": "SIGNED",
}
COMMITMENT_PAST_ITS_END = COMMITMENT | {
    "SIGNED": "WITHDRAWN EXPIRED BREACH_ALLEGED SIGNED",
    "BREACH_ALLEGED": "SIGNED BREACHED",
}
ACTIVATION = {
    "NONE": "PLANNED STOPPED",
    "PLANNED": "HABILITATION_SUBMITTED STOPPED",
    "HABILITATION_SUBMITTED": "HABILITATION_CHANGES_REQUESTED HABILITATION_GRANTED"
    " HABILITATION_REFUSED STOPPED",
    "HABILITATION_CHANGES_REQUESTED": "HABILITATION_SUBMITTED STOPPED",
    "HABILITATION_REFUSED": "HABILITATION_SUBMITTED STOPPED",
    "HABILITATION_GRANTED": "IN_INTEGRATION STOPPED",
    "IN_INTEGRATION": "GO_LIVE_REQUESTED STOPPED",
    "GO_LIVE_REQUESTED": "IN_PRODUCTION STOPPED",
    "IN_PRODUCTION": "SUSPENDED STOPPED",
    "SUSPENDED": "IN_PRODUCTION STOPPED",
    "STOPPED": "PLANNED",
}
ACTIVATION_ONCE_QUALIFIED = ACTIVATION | {
    "HABILITATION_GRANTED": "IN_INTEGRATION GO_LIVE_REQUESTED STOPPED"
}
DISPUTE = {
    "OPEN": "UNDER_REVIEW WITHDRAWN",
    "UNDER_REVIEW": "AWAITING_REPLY UPHELD DISMISSED WITHDRAWN",
    "AWAITING_REPLY": "UNDER_REVIEW WITHDRAWN",
    "UPHELD": "UNDER_REVIEW",
    "DISMISSED": "UNDER_REVIEW",
    "WITHDRAWN": "",
}
GRANT_CLAIM = {
    "DRAFT": "SUBMITTED CANCELLED",
    "SUBMITTED": "CHANGES_REQUESTED ACCEPTED REJECTED CANCELLED",
    "CHANGES_REQUESTED": "SUBMITTED CANCELLED",
    "ACCEPTED": "PAID",
    "REJECTED": "",
    "PAID": "RECOVERY_REQUESTED",
    "RECOVERY_REQUESTED": "RECOVERED",
    "RECOVERED": "",
    "CANCELLED": "",
}

STATES: Mapping[str, type[StrEnum]] = {
    "integrations": IntegrationState,
    "commitments": CommitmentState,
    "activations": ActivationState,
}


@pytest.mark.parametrize(
    ("states", "arrows", "table"),
    [
        (IntegrationState, transitions.INTEGRATION, INTEGRATION),
        (CommitmentState, transitions.COMMITMENT, COMMITMENT),
        (ActivationState, transitions.ACTIVATION, ACTIVATION_ONCE_QUALIFIED),
        (DisputeState, transitions.DISPUTE, DISPUTE),
        (GrantClaimState, transitions.GRANT_CLAIM, GRANT_CLAIM),
    ],
    ids=["integration", "commitment", "activation", "dispute", "grant claim"],
)
def test_each_machine_has_exactly_its_arrows(
    states: type[StrEnum], arrows: Any, table: dict[str, str]
) -> None:
    assert set(arrows) == set(states) == set(table)
    for current in states:
        for wanted in states:
            if wanted in table[current].split():
                transitions.check(arrows, current, wanted)
            else:
                with pytest.raises(NotInThisState) as refusal:
                    transitions.check(arrows, current, wanted)
                assert current in str(refusal.value)
                assert all(allowed in str(refusal.value) for allowed in table[current].split())


def pairs(noun: str) -> dict[str, tuple[str, str]]:
    """A product for each pair of states."""
    states = [str(state) for state in STATES[noun]]
    every = [(current, wanted) for current in states for wanted in states]
    return {f"p{i}": pair for i, pair in enumerate(every)}


def catalogue(noun: str, *, qualified: bool) -> dict[str, list[Row]]:
    files = small()
    names = list(pairs(noun))
    product, integration, deployment = (
        files[name][0] for name in ("products", "integrations", "deployments")
    )
    integrated = [integration | {"product": name} for name in names] if qualified else []
    return {
        "vendors": files["vendors"],
        "products": [product | {"slug": name} for name in names],
        "integrations": integrated,
        "deployments": [deployment | {"product": name} for name in names],
    }


MACHINES = pytest.mark.parametrize(
    ("noun", "table", "qualified", "cells"),
    [
        ("integrations", INTEGRATION, False, {}),
        ("commitments", COMMITMENT, False, {}),
        ("commitments", COMMITMENT, False, {"valid_until": "2023-06-01"}),
        ("commitments", COMMITMENT_PAST_ITS_END, False, {"valid_until": "2023-05-31"}),
        ("activations", ACTIVATION, False, {}),
        ("activations", ACTIVATION_ONCE_QUALIFIED, True, {}),
    ],
    ids=[
        "integration",
        "commitment",
        "commitment on its last day",
        "commitment past its end",
        "activation",
        "activation once qualified",
    ],
)


def illegal(noun: str, table: dict[str, str]) -> set[str]:
    return {
        product
        for product, (current, wanted) in pairs(noun).items()
        if wanted not in table[current].split()
    }


@MACHINES
async def test_an_import_follows_exactly_the_arrows(
    registry: Database,
    tmp_path: Path,
    noun: str,
    table: dict[str, str],
    qualified: bool,  # noqa: FBT001
    cells: dict[str, str],
) -> None:
    """In one file, the later row first; then the legal histories alone."""
    wrong = illegal(noun, table)
    laters = [step(noun, p, "2023-06-01", to, **cells) for p, (_, to) in pairs(noun).items()]
    firsts = [step(noun, p, "2023-01-01", of, **cells) for p, (of, _) in pairs(noun).items()]
    await imported(registry, write(tmp_path / "0", catalogue(noun, qualified=qualified)))
    before = await stored(registry)
    faults = await refused(registry, write(tmp_path / "1", {noun: [*laters, *firsts]}))
    assert {laters[fault.line - 2]["product"] for fault in faults} == wrong
    for fault in faults:
        current, wanted = pairs(noun)[laters[fault.line - 2]["product"]]
        assert (fault.file, fault.column, fault.value) == (f"{noun}.csv", "state", wanted)
        if "qualifié" not in fault.reason:
            assert fault.reason.startswith(f"{current} ne peut pas devenir {wanted}")
    assert await stored(registry) == before
    legal = [row for row in [*laters, *firsts] if row["product"] not in wrong]
    assert (await imported(registry, write(tmp_path / "2", {noun: legal}))).created == {
        noun.removesuffix("s"): len(legal)
    }


@MACHINES
async def test_what_is_appended_follows_exactly_the_arrows(
    registry: Database,
    tmp_path: Path,
    noun: str,
    table: dict[str, str],
    qualified: bool,  # noqa: FBT001
    cells: dict[str, str],
) -> None:
    """The first step is recorded: at any state."""
    firsts = [step(noun, p, "2023-01-01", of, **cells) for p, (of, _) in pairs(noun).items()]
    laters = [step(noun, p, "2023-06-01", to, **cells) for p, (_, to) in pairs(noun).items()]
    await imported(registry, write(tmp_path / "0", catalogue(noun, qualified=qualified)))
    await imported(registry, write(tmp_path / "1", {noun: firsts}))
    faults = await refused(registry, write(tmp_path / "2", {noun: laters}))
    assert {laters[fault.line - 2]["product"] for fault in faults} == illegal(noun, table)
