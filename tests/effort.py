"""How hard the suite tries, on the PostgreSQL it is run on."""

import os

POSTGRES = int(os.environ.get("RACCORD_TEST_POSTGRES", "18"))


def examples(count: int) -> int:
    """Of a property: all on PostgreSQL 18; a fifth on another, whose own faults, if it has any,
    are of a statement and not of a rare registry.
    """
    return count if POSTGRES == 18 else max(count // 5, 5)
