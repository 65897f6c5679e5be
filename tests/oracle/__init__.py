"""What Raccord must answer, computed by loops over everything from the sentences of domain.md.

Nothing here comes from the program: the two are only ever compared. Sections quoted in docstrings
are those of domain.md, unless the contract is named.
"""

from tests.oracle.answers import Blocker, Blockers, Coverage, CoverageRow, blockers, coverage
from tests.oracle.rule import readiness, verdict, verdict_for
from tests.oracle.world import (
    STRATA,
    ActivationRow,
    Body,
    CommitmentRow,
    DeploymentRow,
    IntegrationRow,
    Product,
    ProductKey,
    Scope,
    World,
)

__all__ = [
    "STRATA",
    "ActivationRow",
    "Blocker",
    "Blockers",
    "Body",
    "CommitmentRow",
    "Coverage",
    "CoverageRow",
    "DeploymentRow",
    "IntegrationRow",
    "Product",
    "ProductKey",
    "Scope",
    "World",
    "blockers",
    "coverage",
    "readiness",
    "verdict",
    "verdict_for",
]
