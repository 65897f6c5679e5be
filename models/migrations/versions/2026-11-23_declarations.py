"""Those who sign in, what they send, and what the records say besides."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

VERSION = """
CREATE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$body$
"""
VERSIONED = ("vendor", "product", "deployment", "campaign")

UNSAID = ("search,effective_until", "search,effective_until,email,subject,digest,last_used_at")
"""What an entry of the ledger leaves out: what is derived, and what tells a person or a secret."""


def upgrade() -> None:
    op.create_table(
        "allowed_siret",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_allowed_siret_siret")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowed_siret")),
    )
    op.create_index(
        "uq_allowed_siret_current",
        "allowed_siret",
        ["siret"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "bulk_declaration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "noun",
            sa.Enum(
                "DEPLOYMENTS",
                "ACTIVATIONS",
                name="bulknoun",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "RUNNING",
                "DONE",
                "REFUSED",
                "FAILED",
                name="bulkstate",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "capacity",
            sa.Enum(
                "VENDOR",
                "COLLECTIVITE",
                "OPERATOR",
                "MINISTRY",
                "DATAPASS",
                name="source",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("accept_valid", sa.Boolean(), nullable=False),
        sa.Column("complete_on", sa.Date(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("ck_bulk_declaration_siren")),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_bulk_declaration_siret")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_bulk_declaration_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_declaration")),
    )
    op.create_index("ix_bulk_declaration_siren", "bulk_declaration", ["siren", "id"], unique=False)
    op.create_index(
        "ix_bulk_declaration_unfinished",
        "bulk_declaration",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('WAITING', 'RUNNING')"),
    )
    op.create_table(
        "delegation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("delegate_siren", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "siren ~ '^[0-9]{9}$' AND delegate_siren ~ '^[0-9]{9}$'",
            name=op.f("ck_delegation_sirens"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_delegation_email")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(
        "ix_delegation_delegate", "delegation", ["delegate_siren", "email"], unique=False
    )
    op.create_index(
        "uq_delegation_current",
        "delegation",
        ["siren", "delegate_siren", "email"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/png', 'image/jpeg')",
            name=op.f("ck_evidence_media_type"),
        ),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("ck_evidence_siren")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_evidence_digest")),
        sa.CheckConstraint("size BETWEEN 1 AND 10000000", name=op.f("ck_evidence_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("digest", "siren", name=op.f("uq_evidence_digest_siren")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_idempotency_key_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("actor", "key", name=op.f("uq_idempotency_key_actor_key")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "next_try_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=True,
        ),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("key", "recipient", name=op.f("uq_message_key_recipient")),
    )
    op.create_index(
        "ix_message_waiting",
        "message",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND next_try_at IS NOT NULL"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state_digest", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=True),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "octet_length(state_digest) = 32", name=op.f("ck_sign_in_attempt_state_digest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
        sa.UniqueConstraint("state_digest", name=op.f("uq_sign_in_attempt_state_digest")),
    )
    op.create_table(
        "write_quota",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("window_start", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_quota")),
        sa.UniqueConstraint(
            "actor", "window_start", name=op.f("uq_write_quota_actor_window_start")
        ),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "used_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_web_session_siret")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_web_session_digest")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_web_session_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_web_session_digest")),
    )
    op.create_index(op.f("ix_web_session_account_id"), "web_session", ["account_id"], unique=False)
    op.create_table(
        "software_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("collectivite_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vendor_name", sa.Text(), nullable=True),
        sa.Column("vendor_siren", sa.Text(), nullable=True),
        sa.Column("demarches", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("demarches <> '{}'", name=op.f("ck_software_request_demarches_given")),
        sa.CheckConstraint(
            "demarches <@ ARRAY['PETITE_ENFANCE', 'RESTAURATION_SCOLAIRE', 'RESTAURATION_COLLEGE_LYCEE', 'PERISCOLAIRE', 'ACTIVITES_MUNICIPALES', 'TRANSPORT_SCOLAIRE', 'TARIFICATION_TRANSPORT', 'AIDES_FACULTATIVES', 'AIDE_SOCIALE_LEGALE', 'AIDE_SOCIALE_LOCALE', 'STATIONNEMENT_RESIDENTIEL', 'URBANISME', 'ETAT_CIVIL', 'SIGNALEMENT', 'AUTRE']::text[]",
            name=op.f("ck_software_request_demarches"),
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_software_request_name")),
        sa.CheckConstraint(
            "vendor_siren ~ '^[0-9]{9}$'", name=op.f("ck_software_request_vendor_siren")
        ),
        sa.CheckConstraint(
            "settled_on IS NOT NULL OR (product_id IS NULL AND refusal IS NULL)",
            name=op.f("ck_software_request_settled"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite_id"],
            ["collectivite.id"],
            name=op.f("fk_software_request_collectivite_id"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_software_request_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_software_request")),
    )
    op.create_index(
        op.f("ix_software_request_collectivite_id"),
        "software_request",
        ["collectivite_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_software_request_product_id"), "software_request", ["product_id"], unique=False
    )
    op.add_column("account", sa.Column("organisation", sa.Text(), nullable=True))
    op.add_column(
        "campaign", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column(
        "commitment",
        sa.Column("scope", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column(
        "deployment",
        sa.Column(
            "since_approximate", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column(
        "deployment", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column(
        "dispute",
        sa.Column(
            "surcharge_kind",
            sa.Enum(
                "ONE_OFF_FEES",
                "RECURRING_FEES",
                "PER_USE_FEES",
                "COMPULSORY_MODULES",
                name="surchargekind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
    )
    op.add_column("integration", sa.Column("reviewed_on", sa.Date(), nullable=True))
    op.add_column("integration", sa.Column("review", sa.Text(), nullable=True))
    op.create_index("ix_ledger_subject", "ledger", ["noun", "subject_id", "seq"], unique=False)
    op.add_column("product", sa.Column("retired_on", sa.Date(), nullable=True))
    op.add_column("product", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("token", sa.Column("siret", sa.Text(), nullable=True))
    op.add_column("token", sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(op.f("ix_token_siren"), "token", ["siren"], unique=False)
    op.add_column("vendor", sa.Column("statement", sa.Text(), nullable=True))
    op.add_column("vendor", sa.Column("statement_on", sa.Date(), nullable=True))
    op.add_column("vendor", sa.Column("claimed_on", sa.Date(), nullable=True))
    op.add_column("vendor", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.add_column("vendor", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_index(op.f("ix_vendor_merged_into_id"), "vendor", ["merged_into_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_vendor_merged_into_id"), "vendor", "vendor", ["merged_into_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_dispute_surcharge"),
        "dispute",
        "kind = 'SURCHARGE' OR (surcharge_kind IS NULL AND amount_cents IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_commitment_scope"),
        "commitment",
        "scope <@ ARRAY['ONE_OFF_FEES', 'RECURRING_FEES', 'PER_USE_FEES', 'COMPULSORY_MODULES']::text[]",
    )
    op.create_check_constraint(op.f("ck_token_siret"), "token", "siret ~ '^[0-9]{14}$'")
    op.create_check_constraint(
        op.f("ck_token_scopes"), "token", "scopes <@ ARRAY['READ', 'DECLARE', 'REVIEW']::text[]"
    )
    op.create_check_constraint(
        op.f("ck_vendor_statement"), "vendor", "char_length(statement) BETWEEN 1 AND 500"
    )
    op.create_check_constraint(op.f("ck_vendor_merged_into"), "vendor", "merged_into_id <> id")
    op.execute(VERSION)
    for table in VERSIONED:
        op.execute(
            f"CREATE TRIGGER count_version BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION count_version()"
        )
    _leave_out_of_the_ledger(*UNSAID)


def _leave_out_of_the_ledger(before: str, after: str) -> None:
    connection = op.get_bind()
    source = connection.scalar(
        sa.text("SELECT pg_get_functiondef('ledger_append'::regproc)".replace("::", "\\:\\:"))
    )
    if before not in source:
        raise RuntimeError(f"ledger_append does not leave out {before}")
    connection.exec_driver_sql(source.replace(before, after))
