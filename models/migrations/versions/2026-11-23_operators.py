"""Whether an organisation operates anything is asked at each of its visits."""

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
        unique=False,
        postgresql_where=sa.text("operator IS NOT NULL"),
    )
