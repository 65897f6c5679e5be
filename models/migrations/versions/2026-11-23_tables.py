"""The tables of every noun."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_account_siret")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_account_issuer_subject")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("charter_version", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("signatories", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "accepted_services", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("total_target", sa.Integer(), nullable=False),
        sa.Column("grant_amount_cents", sa.Integer(), nullable=False),
        sa.Column("vintage", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "accepted_services <@ ARRAY['FRANCECONNECT_V1', 'FRANCECONNECT_V2', 'FRANCECONNECT_PLUS', 'API_PARTICULIER', 'API_IMPOT_PARTICULIER']::text[]",
            name=op.f("ck_campaign_accepted_services"),
        ),
        sa.CheckConstraint("grant_amount_cents > 0", name=op.f("ck_campaign_grant_amount_cents")),
        sa.CheckConstraint("total_target > 0", name=op.f("ck_campaign_total_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_table(
        "collectivite",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COMMUNE",
                "EPCI",
                "DEPARTEMENT",
                "REGION",
                "CCAS",
                "SYNDICAT",
                "OTHER",
                name="collectivitekind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("insee", sa.Text(collation="C"), nullable=True),
        sa.Column("siren", sa.Text(collation="C"), nullable=True),
        sa.Column(
            "code",
            sa.Text(collation="C"),
            sa.Computed("coalesce(insee, siren)", persisted=True),
            nullable=True,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("departements", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("strata", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("epci_id", sa.BigInteger(), nullable=True),
        sa.Column("vintage", sa.Integer(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.BigInteger(), nullable=True),
        sa.Column("no_online_demarche_since", sa.Date(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'COMMUNE') = (insee IS NOT NULL)", name=op.f("ck_collectivite_commune_insee")
        ),
        sa.CheckConstraint(
            "insee ~ '^([0-9]{2}|2[AB])[0-9]{3}$'", name=op.f("ck_collectivite_insee")
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_collectivite_name")),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("ck_collectivite_siren")),
        sa.CheckConstraint(
            "strata <@ ARRAY['DEPARTEMENT', 'EPCI', 'COMMUNE_OVER_3500', 'COMMUNE_UP_TO_3500']::text[]",
            name=op.f("ck_collectivite_strata"),
        ),
        sa.CheckConstraint(
            "insee IS NOT NULL OR siren IS NOT NULL", name=op.f("ck_collectivite_key")
        ),
        sa.CheckConstraint("population >= 0", name=op.f("ck_collectivite_population")),
        sa.CheckConstraint(
            "successor_id IS NULL OR closed_on IS NOT NULL", name=op.f("ck_collectivite_successor")
        ),
        sa.ForeignKeyConstraint(
            ["epci_id"], ["collectivite.id"], name=op.f("fk_collectivite_epci_id")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["collectivite.id"], name=op.f("fk_collectivite_successor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collectivite")),
    )
    op.create_index(op.f("ix_collectivite_code"), "collectivite", ["code"], unique=False)
    op.create_index(
        "ix_collectivite_departements",
        "collectivite",
        ["departements"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(op.f("ix_collectivite_epci_id"), "collectivite", ["epci_id"], unique=False)
    op.create_index(
        "ix_collectivite_regions", "collectivite", ["regions"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_collectivite_search",
        "collectivite",
        [sa.literal_column("to_tsvector('simple', search)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        op.f("ix_collectivite_successor_id"), "collectivite", ["successor_id"], unique=False
    )
    op.create_index("uq_collectivite_insee", "collectivite", ["insee"], unique=True)
    op.create_index(
        "uq_collectivite_siren",
        "collectivite",
        ["siren"],
        unique=True,
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column(
            "leaf_hash",
            sa.LargeBinary(),
            sa.Computed("sha256(payload)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("seq > 0", name=op.f("ck_ledger_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger")),
    )
    op.create_table(
        "territory",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "DEPARTEMENT",
                "REGION",
                name="territorykind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_territory_kind_code")),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("ck_token_siren")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_token_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
    )
    op.create_table(
        "vendor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("siren", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_vendor_name")),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("ck_vendor_siren")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_vendor_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["vendor.id"], name=op.f("fk_vendor_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("siren", name=op.f("uq_vendor_siren")),
    )
    op.create_index(op.f("ix_vendor_parent_id"), "vendor", ["parent_id"], unique=False)
    op.create_index(
        "ix_vendor_search",
        "vendor",
        [sa.literal_column("to_tsvector('simple', search)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "collectivite_former_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("former_code", sa.Text(collation="C"), nullable=False),
        sa.Column("collectivite_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "former_code ~ '^[0-9]{9}$' OR former_code ~ '^([0-9]{2}|2[AB])[0-9]{3}$'",
            name=op.f("ck_collectivite_former_code_code"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite_id"],
            ["collectivite.id"],
            name=op.f("fk_collectivite_former_code_collectivite_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collectivite_former_code")),
        sa.UniqueConstraint("former_code", name=op.f("uq_collectivite_former_code_former_code")),
    )
    op.create_index(
        op.f("ix_collectivite_former_code_collectivite_id"),
        "collectivite_former_code",
        ["collectivite_id"],
        unique=False,
    )
    op.create_table(
        "grant_claim",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("collectivite_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_grant_claim_amount_cents")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_grant_claim_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite_id"], ["collectivite.id"], name=op.f("fk_grant_claim_collectivite_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_claim")),
    )
    op.create_index(
        op.f("ix_grant_claim_campaign_id"), "grant_claim", ["campaign_id"], unique=False
    )
    op.create_index(
        op.f("ix_grant_claim_collectivite_id"), "grant_claim", ["collectivite_id"], unique=False
    )
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "delivery_model",
            sa.Enum(
                "SAAS",
                "ON_PREMISE",
                "OPEN_SOURCE",
                name="deliverymodel",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("citizen_login", sa.Boolean(), nullable=False),
        sa.Column("demarches", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "demarches <@ ARRAY['PETITE_ENFANCE', 'RESTAURATION_SCOLAIRE', 'RESTAURATION_COLLEGE_LYCEE', 'PERISCOLAIRE', 'ACTIVITES_MUNICIPALES', 'TRANSPORT_SCOLAIRE', 'TARIFICATION_TRANSPORT', 'AIDES_FACULTATIVES', 'AIDE_SOCIALE_LEGALE', 'AIDE_SOCIALE_LOCALE', 'STATIONNEMENT_RESIDENTIEL', 'URBANISME', 'ETAT_CIVIL', 'SIGNALEMENT', 'AUTRE']::text[]",
            name=op.f("ck_product_demarches"),
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_product_name")),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'", name=op.f("ck_product_slug")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_product_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("vendor_id", "slug", name=op.f("uq_product_vendor_id_slug")),
    )
    op.create_index(
        "ix_product_search",
        "product",
        [sa.literal_column("to_tsvector('simple', search)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "target",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "stratum",
            sa.Enum(
                "DEPARTEMENT",
                "EPCI",
                "COMMUNE_OVER_3500",
                "COMMUNE_UP_TO_3500",
                name="stratum",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("share", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_target_share")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_target_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("campaign_id", "stratum", name=op.f("uq_target_campaign_id_stratum")),
    )
    op.create_table(
        "activation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column(
            "declared_by",
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
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("evidence_url", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "demarche",
            sa.Enum(
                "PETITE_ENFANCE",
                "RESTAURATION_SCOLAIRE",
                "RESTAURATION_COLLEGE_LYCEE",
                "PERISCOLAIRE",
                "ACTIVITES_MUNICIPALES",
                "TRANSPORT_SCOLAIRE",
                "TARIFICATION_TRANSPORT",
                "AIDES_FACULTATIVES",
                "AIDE_SOCIALE_LEGALE",
                "AIDE_SOCIALE_LOCALE",
                "STATIONNEMENT_RESIDENTIEL",
                "URBANISME",
                "ETAT_CIVIL",
                "SIGNALEMENT",
                "AUTRE",
                name="demarche",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "service",
            sa.Enum(
                "FRANCECONNECT_V1",
                "FRANCECONNECT_V2",
                "FRANCECONNECT_PLUS",
                "API_PARTICULIER",
                "API_IMPOT_PARTICULIER",
                name="service",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "NONE",
                "PLANNED",
                "HABILITATION_SUBMITTED",
                "HABILITATION_CHANGES_REQUESTED",
                "HABILITATION_REFUSED",
                "HABILITATION_GRANTED",
                "IN_INTEGRATION",
                "GO_LIVE_REQUESTED",
                "IN_PRODUCTION",
                "SUSPENDED",
                "STOPPED",
                name="activationstate",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "effective_on BETWEEN '1900-01-01' AND '2199-12-31'", name=op.f("ck_activation_dates")
        ),
        sa.CheckConstraint("effective_until >= effective_on", name=op.f("ck_activation_period")),
        sa.ForeignKeyConstraint(
            ["collectivite_id"], ["collectivite.id"], name=op.f("fk_activation_collectivite_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_activation_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activation")),
    )
    op.create_index(
        "ix_activation_history",
        "activation",
        ["collectivite_id", "product_id", "demarche", "service", "effective_on", "id"],
        unique=False,
    )
    op.create_index("ix_activation_product_id", "activation", ["product_id"], unique=False)
    op.create_index(
        "uq_activation_current",
        "activation",
        ["collectivite_id", "product_id", "demarche", "service"],
        unique=True,
        postgresql_where=sa.text("effective_until IS NULL"),
    )
    op.create_table(
        "commitment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column(
            "declared_by",
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
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("evidence_url", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "NONE",
                "INVITED",
                "SIGNED",
                "DECLINED",
                "WITHDRAWN",
                "EXPIRED",
                "BREACH_ALLEGED",
                "BREACHED",
                name="commitmentstate",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("charter_version", sa.Text(), nullable=True),
        sa.Column("signatory", sa.Text(), nullable=True),
        sa.Column("signatory_capacity", sa.Text(), nullable=True),
        sa.Column("exclusions", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "effective_on BETWEEN '1900-01-01' AND '2199-12-31'", name=op.f("ck_commitment_dates")
        ),
        sa.CheckConstraint("effective_until >= effective_on", name=op.f("ck_commitment_period")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_commitment_product_id")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_commitment_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    op.create_index(
        "ix_commitment_history",
        "commitment",
        ["vendor_id", "product_id", "effective_on", "id"],
        unique=False,
    )
    op.create_index("ix_commitment_product_id", "commitment", ["product_id"], unique=False)
    op.create_index(
        "uq_commitment_current",
        "commitment",
        ["vendor_id", "product_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("effective_until IS NULL"),
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("collectivite_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "demarche",
            sa.Enum(
                "PETITE_ENFANCE",
                "RESTAURATION_SCOLAIRE",
                "RESTAURATION_COLLEGE_LYCEE",
                "PERISCOLAIRE",
                "ACTIVITES_MUNICIPALES",
                "TRANSPORT_SCOLAIRE",
                "TARIFICATION_TRANSPORT",
                "AIDES_FACULTATIVES",
                "AIDE_SOCIALE_LEGALE",
                "AIDE_SOCIALE_LOCALE",
                "STATIONNEMENT_RESIDENTIEL",
                "URBANISME",
                "ETAT_CIVIL",
                "SIGNALEMENT",
                "AUTRE",
                name="demarche",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column(
            "declared_by",
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
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR (confirmed_by IN ('VENDOR', 'COLLECTIVITE', 'MINISTRY') AND confirmed_by <> declared_by AND declared_by <> 'MINISTRY')",
            name=op.f("ck_deployment_confirmation"),
        ),
        sa.CheckConstraint(
            "declared_by IN ('VENDOR', 'COLLECTIVITE', 'MINISTRY')",
            name=op.f("ck_deployment_declarant"),
        ),
        sa.CheckConstraint("operator ~ '^[0-9]{9}$'", name=op.f("ck_deployment_operator")),
        sa.CheckConstraint(
            "since BETWEEN '1900-01-01' AND '2199-12-31'", name=op.f("ck_deployment_dates")
        ),
        sa.CheckConstraint(
            "until >= since AND until <= '2199-12-31'", name=op.f("ck_deployment_period")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite_id"], ["collectivite.id"], name=op.f("fk_deployment_collectivite_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_deployment_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "collectivite_id", "product_id", "demarche", "since", name="uq_deployment_key"
        ),
    )
    op.create_index("ix_deployment_product_id", "deployment", ["product_id"], unique=False)
    op.create_index(
        "uq_deployment_current",
        "deployment",
        ["collectivite_id", "product_id", "demarche"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("collectivite_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "INTEGRATION",
                "SURCHARGE",
                name="disputekind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "service",
            sa.Enum(
                "FRANCECONNECT_V1",
                "FRANCECONNECT_V2",
                "FRANCECONNECT_PLUS",
                "API_PARTICULIER",
                "API_IMPOT_PARTICULIER",
                name="service",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'INTEGRATION') = (service IS NOT NULL)", name=op.f("ck_dispute_kind_service")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_dispute_amount_cents")),
        sa.ForeignKeyConstraint(
            ["collectivite_id"], ["collectivite.id"], name=op.f("fk_dispute_collectivite_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_dispute_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    op.create_index(
        op.f("ix_dispute_collectivite_id"), "dispute", ["collectivite_id"], unique=False
    )
    op.create_index(op.f("ix_dispute_product_id"), "dispute", ["product_id"], unique=False)
    op.create_table(
        "grant_claim_transition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column(
            "declared_by",
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
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("evidence_url", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("grant_claim_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "CHANGES_REQUESTED",
                "ACCEPTED",
                "REJECTED",
                "PAID",
                "RECOVERY_REQUESTED",
                "RECOVERED",
                "CANCELLED",
                name="grantclaimstate",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "effective_on BETWEEN '1900-01-01' AND '2199-12-31'",
            name=op.f("ck_grant_claim_transition_dates"),
        ),
        sa.CheckConstraint(
            "effective_until >= effective_on", name=op.f("ck_grant_claim_transition_period")
        ),
        sa.ForeignKeyConstraint(
            ["grant_claim_id"],
            ["grant_claim.id"],
            name=op.f("fk_grant_claim_transition_grant_claim_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_claim_transition")),
    )
    op.create_index(
        op.f("ix_grant_claim_transition_grant_claim_id"),
        "grant_claim_transition",
        ["grant_claim_id"],
        unique=False,
    )
    op.create_index(
        "uq_grant_claim_transition_current",
        "grant_claim_transition",
        ["grant_claim_id"],
        unique=True,
        postgresql_where=sa.text("effective_until IS NULL"),
    )
    op.create_table(
        "integration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column(
            "declared_by",
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
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("evidence_url", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "service",
            sa.Enum(
                "FRANCECONNECT_V1",
                "FRANCECONNECT_V2",
                "FRANCECONNECT_PLUS",
                "API_PARTICULIER",
                "API_IMPOT_PARTICULIER",
                name="service",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "NONE",
                "PLANNED",
                "SANDBOX",
                "QUALIFICATION_REQUESTED",
                "QUALIFIED",
                "SUSPENDED",
                "WITHDRAWN",
                name="integrationstate",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("feeds", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("target_date", sa.Date(), nullable=True),
        sa.Column(
            "evidence_level",
            sa.Enum(
                "SELF_DECLARED",
                "EVIDENCED",
                "VERIFIED",
                name="evidencelevel",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("min_version", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "effective_on BETWEEN '1900-01-01' AND '2199-12-31'", name=op.f("ck_integration_dates")
        ),
        sa.CheckConstraint(
            "feeds <@ ARRAY['QUOTIENT_FAMILIAL', 'STATUT_ETUDIANT', 'STATUT_BOURSIER', 'STATUT_DEMANDEUR_EMPLOI', 'AVIS_IMPOSITION']::text[]",
            name=op.f("ck_integration_feeds"),
        ),
        sa.CheckConstraint(
            "state <> 'PLANNED' OR target_date IS NOT NULL", name=op.f("ck_integration_target_date")
        ),
        sa.CheckConstraint("effective_until >= effective_on", name=op.f("ck_integration_period")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_integration_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration")),
    )
    op.create_index(
        "ix_integration_history",
        "integration",
        ["product_id", "service", "effective_on", "id"],
        unique=False,
    )
    op.create_index(
        "uq_integration_current",
        "integration",
        ["product_id", "service"],
        unique=True,
        postgresql_where=sa.text("effective_until IS NULL"),
    )
    op.create_table(
        "product_former_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor_siren", sa.Text(collation="C"), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'", name=op.f("ck_product_former_key_slug")
        ),
        sa.CheckConstraint(
            "vendor_siren ~ '^[0-9]{9}$'", name=op.f("ck_product_former_key_vendor_siren")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_former_key_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_former_key")),
        sa.UniqueConstraint(
            "vendor_siren", "slug", name=op.f("uq_product_former_key_vendor_siren_slug")
        ),
    )
    op.create_index(
        op.f("ix_product_former_key_product_id"), "product_former_key", ["product_id"], unique=False
    )
    op.create_table(
        "dispute_transition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column(
            "declared_by",
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
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("evidence_url", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("dispute_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN",
                "UNDER_REVIEW",
                "AWAITING_REPLY",
                "UPHELD",
                "DISMISSED",
                "WITHDRAWN",
                name="disputestate",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("reply_due_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "effective_on BETWEEN '1900-01-01' AND '2199-12-31'",
            name=op.f("ck_dispute_transition_dates"),
        ),
        sa.CheckConstraint(
            "effective_until >= effective_on", name=op.f("ck_dispute_transition_period")
        ),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_transition_dispute_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_transition")),
    )
    op.create_index(
        op.f("ix_dispute_transition_dispute_id"), "dispute_transition", ["dispute_id"], unique=False
    )
    op.create_index(
        "uq_dispute_transition_current",
        "dispute_transition",
        ["dispute_id"],
        unique=True,
        postgresql_where=sa.text("effective_until IS NULL"),
    )
