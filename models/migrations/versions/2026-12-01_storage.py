"""Evidence that nothing cites can be removed, and files looked for by what they hold."""

from alembic import op

revision = "0017"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT DELETE ON evidence TO raccord_app")
    op.create_index("ix_bulk_declaration_digest", "bulk_declaration", ["digest"])
