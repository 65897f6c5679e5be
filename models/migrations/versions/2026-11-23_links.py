"""Who may say a link anew: the wall of corrections, beside that of confirmations."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE OR REPLACE FUNCTION guard_confirmation() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF acting_trusted()
           OR (NEW.confirmed_by = 'VENDOR' AND owns_product(NEW.product_id))
           OR (NEW.confirmed_by = 'COLLECTIVITE'
               AND NEW.collectivite_id = ANY(acting_collectivites()))
        THEN RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a link is confirmed by the other side'
            USING ERRCODE = 'insufficient_privilege';
    END
    $body$
    """,
    """
    CREATE FUNCTION guard_correction() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF acting_trusted()
           OR (NEW.confirmed_by IS NULL
               AND ((NEW.declared_by = 'VENDOR' AND owns_product(NEW.product_id))
                    OR (NEW.declared_by = 'COLLECTIVITE'
                        AND (NEW.collectivite_id = ANY(acting_collectivites())
                             OR operates(NEW.collectivite_id, NEW.product_id, NEW.demarche)))))
        THEN RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a link is the word of the one who corrects it'
            USING ERRCODE = 'insufficient_privilege';
    END
    $body$
    """,
    """
    CREATE TRIGGER guard_correction BEFORE UPDATE ON deployment
    FOR EACH ROW WHEN (current_user = 'raccord_app' AND (
        (OLD.collectivite_id, OLD.product_id, OLD.demarche, OLD.since, OLD.operator,
         OLD.declared_by)
        IS DISTINCT FROM
        (NEW.collectivite_id, NEW.product_id, NEW.demarche, NEW.since, NEW.operator,
         NEW.declared_by)
        OR coalesce(NEW.until, 'infinity') > coalesce(OLD.until, 'infinity')))
    EXECUTE FUNCTION guard_correction()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
