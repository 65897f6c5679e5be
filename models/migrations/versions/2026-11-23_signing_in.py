"""The ledger takes whole rows of tables that have a column named ``subject``, such as accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMN, ROW = "to_jsonb(subject)", "to_jsonb(subject.*)"


def upgrade() -> None:
    connection = op.get_bind()
    source = connection.scalar(
        sa.text("SELECT pg_get_functiondef('ledger_append'::regproc)".replace("::", "\\:\\:"))
    )
    if COLUMN not in source:
        raise RuntimeError(f"ledger_append does not say {COLUMN}")
    connection.exec_driver_sql(source.replace(COLUMN, ROW))
