"""Functions name where they look, guards stop all but the owner, and the walls are recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0019"
branch_labels = None
depends_on = None

DIGEST = (
    """
    CREATE TABLE schema_digest (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        revision TEXT NOT NULL,
        server INTEGER NOT NULL,
        digest TEXT NOT NULL,
        CONSTRAINT pk_schema_digest PRIMARY KEY (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_schema_digest_single ON schema_digest ((true))",
    "GRANT SELECT ON schema_digest TO raccord_app",
    "GRANT DELETE ON account, delegation, message TO raccord_app",
)

UNPLACED = sa.text("""
    SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc
    WHERE pronamespace = CAST('public' AS regnamespace)
      AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting
                      WHERE setting LIKE 'search_path=%')
""")
"""A function that looks wherever its caller does could be handed another table of that name."""

GUARDS = sa.text("""
    SELECT pg_get_triggerdef(oid) AS definition, tgname, CAST(CAST(tgrelid AS regclass) AS text)
    FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'guard%'
""")


def upgrade() -> None:
    connection = op.get_bind()
    for statement in DIGEST:
        op.execute(statement)
    for function in connection.scalars(UNPLACED).all():
        connection.exec_driver_sql(
            f"ALTER FUNCTION {function} SET search_path = pg_catalog, public, pg_temp"
        )
    owner = connection.scalar(sa.text("SELECT quote_literal(current_user)"))
    for definition, name, table in connection.execute(GUARDS).all():
        before = "CURRENT_USER = 'raccord_app'::name"
        if before not in definition:
            raise RuntimeError(f"{name} does not ask who acts: {definition}")
        connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
        connection.exec_driver_sql(definition.replace(before, f"CURRENT_USER <> {owner}::name"))
