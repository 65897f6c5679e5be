"""The SIREN of a merged vendor means the vendor that took it in, wherever one is read."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEYS = (
    """
    CREATE VIEW vendor_key AS
    SELECT siren, coalesce(merged_into_id, id) AS vendor_id FROM vendor
    """,
    """
    CREATE OR REPLACE VIEW product_key AS
    SELECT vendor_key.siren AS vendor_siren, product.slug, product.id AS product_id
    FROM product JOIN vendor_key ON vendor_key.vendor_id = product.vendor_id
    WHERE NOT EXISTS (SELECT FROM product_former_key AS former
                      WHERE former.vendor_siren = vendor_key.siren
                        AND former.slug = product.slug)
    UNION ALL
    SELECT vendor_siren, slug, product_id FROM product_former_key
    """,
    "GRANT SELECT ON vendor_key TO raccord_app",
)


def upgrade() -> None:
    for statement in KEYS:
        op.execute(sa.text(statement))
