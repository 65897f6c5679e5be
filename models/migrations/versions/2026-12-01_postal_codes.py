"""A commune is found by its postal codes, and by the names of the communes that it took over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("postal_codes", "other_names"):
        listed: sa.Column[list[str]] = sa.Column(
            column, postgresql.ARRAY(sa.Text), server_default="{}", nullable=False
        )
        op.add_column("collectivite", listed)
    op.create_index(
        "ix_collectivite_postal_codes", "collectivite", ["postal_codes"], postgresql_using="gin"
    )
