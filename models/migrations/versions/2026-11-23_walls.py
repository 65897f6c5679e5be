"""What is the ministry's alone on others' records: to invite, to verify, to settle a request."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TRUSTED = "(SELECT acting_trusted())"
OWN_TOWN = "collectivite_id = ANY((SELECT acting_collectivites())::bigint[])"
OWN_VENDOR = "vendor_id = ANY((SELECT acting_vendors())::bigint[])"
DISPUTED = "product_id IS NOT NULL AND disputes_surcharge(product_id)"
WAITING = f"{TRUSTED} OR (settled_on IS NULL AND {OWN_TOWN})"

STATEMENTS = (
    f"""
    ALTER POLICY addable ON commitment WITH CHECK (
        {TRUSTED} OR (declared_by = 'VENDOR' AND state <> 'INVITED' AND {OWN_VENDOR})
        OR (declared_by = 'COLLECTIVITE' AND state IN ('BREACH_ALLEGED', 'SIGNED') AND {DISPUTED}))
    """,
    f"""
    ALTER POLICY addable ON integration WITH CHECK (
        {TRUSTED} OR (declared_by = 'VENDOR' AND evidence_level <> 'VERIFIED'
                      AND reviewed_on IS NULL AND owns_product(product_id)))
    """,
    f"ALTER POLICY addable ON software_request WITH CHECK ({WAITING})",
    f"ALTER POLICY changeable ON software_request WITH CHECK ({WAITING})",
    """
    CREATE FUNCTION guard_verification() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF acting_trusted() THEN RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a declaration is reviewed by the ministry'
            USING ERRCODE = 'insufficient_privilege';
    END
    $body$
    """,
    """
    CREATE TRIGGER guard_verification BEFORE UPDATE ON integration
    FOR EACH ROW WHEN (current_user = 'raccord_app' AND (
        (NEW.evidence_level = 'VERIFIED' AND OLD.evidence_level <> 'VERIFIED')
        OR (NEW.reviewed_on IS NOT NULL AND NEW.reviewed_on IS DISTINCT FROM OLD.reviewed_on)))
    EXECUTE FUNCTION guard_verification()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement.replace("::", "\\:\\:"))
