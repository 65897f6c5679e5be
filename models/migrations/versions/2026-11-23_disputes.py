"""A collectivité also acts on what stands on those that it succeeded: disputes, grant claims."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ACTING = """
CREATE OR REPLACE FUNCTION acting_collectivites() RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE AS $body$
    WITH acting AS (
        SELECT coalesce(nullif(current_setting('raccord.collectivites', true), ''), '{}')::bigint[]
               AS ids
    )
    SELECT ids || ARRAY(SELECT id FROM collectivite WHERE successor_id = ANY(ids)) FROM acting
$body$
"""


def upgrade() -> None:
    op.execute(ACTING.replace("::", "\\:\\:"))
