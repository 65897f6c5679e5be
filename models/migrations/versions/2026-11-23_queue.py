"""Whom an operator acts for is looked for at each sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_deployment_operator",
        "deployment",
        ["operator"],
        postgresql_where=sa.text("operator IS NOT NULL"),
    )
