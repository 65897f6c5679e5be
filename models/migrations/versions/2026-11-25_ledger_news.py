"""The ledger tells its new head as the transaction commits: what was read before is out of date."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BEFORE = "RETURN (SELECT max(seq) FROM ledger);"
AFTER = """SELECT coalesce(max(seq), 0) INTO head FROM ledger;
    PERFORM pg_notify('ledger', CAST(head AS text));
    RETURN head;"""


def upgrade() -> None:
    connection = op.get_bind()
    source = connection.scalar(
        sa.text("SELECT pg_get_functiondef(CAST('ledger_append' AS regproc))")
    )
    if BEFORE not in source:
        raise RuntimeError("ledger_append does not return its head")
    connection.exec_driver_sql(source.replace(BEFORE, AFTER))
