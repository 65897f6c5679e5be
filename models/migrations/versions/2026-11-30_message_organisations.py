"""A message says for which organisation it is: where none arrives, it can be told."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("organisation", sa.Text(collation="C"), nullable=True))
    op.create_index(
        "ix_message_undelivered",
        "message",
        ["organisation"],
        postgresql_where=sa.text("sent_at IS NULL AND next_try_at IS NULL"),
    )
