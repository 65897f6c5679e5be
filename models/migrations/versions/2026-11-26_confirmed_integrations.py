"""A vendor says that its declaration still holds."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("integration", sa.Column("confirmed_on", sa.Date(), nullable=True))
    op.create_check_constraint(
        op.f("ck_integration_confirmed_on"), "integration", "confirmed_on >= effective_on"
    )
    op.execute("GRANT UPDATE (confirmed_on) ON integration TO raccord_app")
