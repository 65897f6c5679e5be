"""Random small registries that break no rule of domain.md, and the same as rows of a bundle."""

from tests.strategies.bundles import bundle
from tests.strategies.composition import scopes, worlds

__all__ = ["bundle", "scopes", "worlds"]
