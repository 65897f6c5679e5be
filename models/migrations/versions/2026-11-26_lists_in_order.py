"""Lists are read in their order, and clients counted, from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_on IS NULL")


def upgrade() -> None:
    op.execute('ALTER TABLE collectivite ALTER COLUMN search TYPE text COLLATE "C"')
    op.create_index(
        "ix_collectivite_name", "collectivite", ["search", "code"], postgresql_where=OPEN
    )
    people = sa.text("coalesce(population, -1)")
    op.create_index(
        "ix_collectivite_population", "collectivite", [people, "code"], postgresql_where=OPEN
    )
    op.create_index(
        "ix_deployment_clients",
        "deployment",
        ["product_id", "collectivite_id"],
        postgresql_include=["since", "until"],
    )
    op.drop_index("ix_deployment_product_id", "deployment")
