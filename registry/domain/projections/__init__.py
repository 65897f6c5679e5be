"""What a query selects, answered by PostgreSQL as JSON, in one statement.

It covers a part of the contract, field by field (``types``), and gives the bytes that reading row
by row would: where it doesn't cover all that is selected, or something is wrong in what is asked,
``statement`` says so and that other way answers.
"""

from registry.domain.projections.building import UNDERIVED, Selected, Statement
from registry.domain.projections.roots import ROOTS, statement

__all__ = ["ROOTS", "UNDERIVED", "Selected", "Statement", "statement"]
