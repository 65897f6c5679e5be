"""The second wall: whatever the program asks, a row is written by those whose row it is.

Each transaction says who acts: ``raccord.role``, ``raccord.vendors`` and ``raccord.collectivites``
(ids), ``raccord.sirens``. Nothing said, nothing written. Reading is the domain's business.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

IDENTITY = (
    """
    CREATE FUNCTION acting_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT coalesce(current_setting('raccord.role', true), '')
    $body$
    """,
    """
    CREATE FUNCTION acting_trusted() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT acting_role() IN ('ADMINISTRATOR', 'MINISTRY')
    $body$
    """,
    """
    CREATE FUNCTION acting_vendors() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT coalesce(nullif(current_setting('raccord.vendors', true), ''), '{}')::bigint[]
    $body$
    """,
    """
    CREATE FUNCTION acting_collectivites() RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT coalesce(nullif(current_setting('raccord.collectivites', true), ''), '{}')::bigint[]
    $body$
    """,
    """
    CREATE FUNCTION acting_sirens() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT coalesce(nullif(current_setting('raccord.sirens', true), ''), '{}')::text[]
    $body$
    """,
    """
    CREATE FUNCTION owns_product(wanted bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT EXISTS (SELECT FROM product
                       WHERE id = wanted AND vendor_id = ANY(acting_vendors()))
    $body$
    """,
    """
    CREATE FUNCTION operates(town bigint, used bigint, kind text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT NOT owns_product(used) AND EXISTS (
            SELECT FROM deployment
            WHERE collectivite_id = town AND product_id = used AND demarche = kind
              AND operator = ANY(acting_sirens())
              AND (declared_by IN ('COLLECTIVITE', 'MINISTRY')
                   OR confirmed_by IN ('COLLECTIVITE', 'MINISTRY')))
    $body$
    """,
    """
    CREATE FUNCTION disputes_surcharge(used bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $body$
        SELECT EXISTS (SELECT FROM dispute
                       WHERE product_id = used AND kind = 'SURCHARGE'
                         AND collectivite_id = ANY(acting_collectivites()))
    $body$
    """,
)

TRUSTED = "(SELECT acting_trusted())"
ADMINISTRATOR = "(SELECT acting_role()) = 'ADMINISTRATOR'"
SIGNING_IN = "(SELECT acting_role()) IN ('ADMINISTRATOR', 'SIGN_IN')"
ANYONE = "(SELECT acting_role()) <> ''"
OWN_SIREN = "siren = ANY((SELECT acting_sirens())::text[])"
OWN_TOWN = "collectivite_id = ANY((SELECT acting_collectivites())::bigint[])"
OWN_VENDOR = "vendor_id = ANY((SELECT acting_vendors())::bigint[])"

DISPUTED = "product_id IS NOT NULL AND disputes_surcharge(product_id)"
TRANSITION_OF = "EXISTS (SELECT FROM {noun} WHERE {noun}.id = {noun}_id AND {own})"
OWN_DISPUTE = TRANSITION_OF.format(noun="dispute", own=OWN_TOWN)
ACCUSED = TRANSITION_OF.format(noun="dispute", own="owns_product(product_id)")
OWN_CLAIM = TRANSITION_OF.format(noun="grant_claim", own=OWN_TOWN)
OPERATED = "operates(collectivite_id, product_id, demarche)"

WRITES = {
    "vendor": (
        f"{TRUSTED} OR {OWN_SIREN}",
        f"{TRUSTED} OR id = ANY((SELECT acting_vendors())::bigint[]) OR {OWN_SIREN}",
    ),
    "product": (f"{TRUSTED} OR {OWN_VENDOR}",) * 2,
    "product_former_key": (f"{TRUSTED} OR owns_product(product_id)",) * 2,
    "integration": (
        f"{TRUSTED} OR (declared_by = 'VENDOR' AND owns_product(product_id))",
        f"{TRUSTED} OR owns_product(product_id)",
    ),
    "commitment": (
        f"{TRUSTED} OR {OWN_VENDOR} OR (state IN ('BREACH_ALLEGED', 'SIGNED') AND {DISPUTED})",
        f"{TRUSTED} OR {OWN_VENDOR} OR ({DISPUTED})",
    ),
    "deployment": (
        f"{TRUSTED} OR (confirmed_by IS NULL"
        f" AND ((declared_by = 'VENDOR' AND owns_product(product_id))"
        f" OR (declared_by = 'COLLECTIVITE' AND {OWN_TOWN})))",
        f"{TRUSTED} OR {OWN_TOWN} OR owns_product(product_id) OR {OPERATED}",
    ),
    "activation": (
        f"{TRUSTED} OR (declared_by = 'COLLECTIVITE' AND {OWN_TOWN})"
        f" OR (declared_by = 'VENDOR' AND owns_product(product_id))"
        f" OR (declared_by = 'OPERATOR' AND {OPERATED})",
        f"{TRUSTED} OR {OWN_TOWN} OR owns_product(product_id) OR {OPERATED}",
    ),
    "dispute": (f"{TRUSTED} OR {OWN_TOWN}",) * 2,
    "dispute_transition": (
        f"{TRUSTED} OR (declared_by = 'COLLECTIVITE' AND {OWN_DISPUTE})"
        f" OR (declared_by = 'VENDOR' AND state = 'UNDER_REVIEW' AND {ACCUSED})",
        f"{TRUSTED} OR {OWN_DISPUTE} OR {ACCUSED}",
    ),
    "grant_claim": (f"{TRUSTED} OR {OWN_TOWN}",) * 2,
    "grant_claim_transition": (
        f"{TRUSTED} OR (state IN ('DRAFT', 'SUBMITTED', 'CANCELLED') AND {OWN_CLAIM})",
        f"{TRUSTED} OR {OWN_CLAIM}",
    ),
    "software_request": (f"{TRUSTED} OR {OWN_TOWN}",) * 2,
    "collectivite": (
        TRUSTED,
        f"{TRUSTED} OR id = ANY((SELECT acting_collectivites())::bigint[])",
    ),
    "collectivite_former_code": (TRUSTED,) * 2,
    "territory": (TRUSTED,) * 2,
    "campaign": (TRUSTED,) * 2,
    "target": (TRUSTED,) * 2,
    "allowed_siret": (TRUSTED,) * 2,
    "account": (SIGNING_IN,) * 2,
    "web_session": (SIGNING_IN,) * 2,
    "sign_in_attempt": (SIGNING_IN,) * 2,
    "token": (
        f"{ADMINISTRATOR} OR {OWN_SIREN}",
        f"{SIGNING_IN} OR {OWN_SIREN}",
    ),
    "delegation": (f"{ADMINISTRATOR} OR {OWN_SIREN}",) * 2,
    "evidence": (f"{TRUSTED} OR {OWN_SIREN}",) * 2,
    "bulk_declaration": (f"{ADMINISTRATOR} OR {OWN_SIREN}",) * 2,
    "message": (ANYONE, ADMINISTRATOR),
    "idempotency_key": (ANYONE,) * 2,
    "write_quota": (ANYONE,) * 2,
}
"""For each table, whose rows may be added, and whose may be changed or removed."""

PASSING = ("sign_in_attempt", "web_session", "idempotency_key", "write_quota")
"""What is removed in the ordinary course; a record is removed by those who load the registry."""

CONFIRMATION = (
    """
    CREATE FUNCTION guard_confirmation() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF acting_trusted()
           OR (NEW.confirmed_by = 'VENDOR' AND owns_product(NEW.product_id))
           OR (NEW.confirmed_by = 'COLLECTIVITE'
               AND (NEW.collectivite_id = ANY(acting_collectivites())
                    OR operates(NEW.collectivite_id, NEW.product_id, NEW.demarche)))
        THEN RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a link is confirmed by the other side'
            USING ERRCODE = 'insufficient_privilege';
    END
    $body$
    """,
    """
    CREATE TRIGGER guard_confirmation BEFORE UPDATE OF confirmed_by ON deployment
    FOR EACH ROW WHEN (NEW.confirmed_by IS NOT NULL
                       AND NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by
                       AND current_user = 'raccord_app')
    EXECUTE FUNCTION guard_confirmation()
    """,
)

GRANTS = """
GRANT SELECT ON ALL TABLES IN SCHEMA public TO raccord_app;
GRANT INSERT, UPDATE ON allowed_siret, bulk_declaration, delegation, evidence, idempotency_key,
    message, sign_in_attempt, software_request, web_session, write_quota TO raccord_app;
GRANT DELETE ON sign_in_attempt, web_session, idempotency_key, write_quota TO raccord_app;
GRANT UPDATE (reviewed_on, review) ON integration TO raccord_app;
GRANT UPDATE (vendor_id, scope) ON commitment TO raccord_app
"""


def upgrade() -> None:
    for statement in (*IDENTITY, *CONFIRMATION, *GRANTS.split(";\n")):
        op.execute(statement.replace("::", "\\:\\:"))
    for table, (added, changed) in WRITES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT TO raccord_app USING (true)")
        for name, kind, check in (
            ("addable", "INSERT", f"WITH CHECK ({added})"),
            ("changeable", "UPDATE", f"USING ({changed}) WITH CHECK ({changed})"),
            ("removable", "DELETE", f"USING ({changed if table in PASSING else TRUSTED})"),
        ):
            op.execute(
                f"CREATE POLICY {name} ON {table} FOR {kind} TO raccord_app {check}".replace(
                    "::", "\\:\\:"
                )
            )
