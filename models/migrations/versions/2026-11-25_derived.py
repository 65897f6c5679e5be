"""What is derived and kept up to date, and the marks of what changed since."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE derivation (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    as_of DATE NOT NULL,
    CONSTRAINT pk_derivation PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_derivation_single ON derivation ((true));
CREATE TABLE touched (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    noun TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    CONSTRAINT pk_touched PRIMARY KEY (id)
);
CREATE TABLE product_verdict (
    product_id BIGINT NOT NULL,
    vendor_id BIGINT NOT NULL,
    qualified BOOLEAN NOT NULL,
    evidenced BOOLEAN NOT NULL,
    declared_on DATE,
    verdict TEXT NOT NULL,
    CONSTRAINT pk_product_verdict PRIMARY KEY (product_id),
    CONSTRAINT ck_product_verdict_verdict CHECK
        (verdict IN ('NOT_CONCERNED', 'NOT_INTEGRATED', 'SURCHARGE', 'READY', 'COST_UNKNOWN'))
);
CREATE TABLE readiness (
    basis TEXT NOT NULL,
    collectivite_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    population INTEGER,
    strata TEXT[] DEFAULT '{}' NOT NULL,
    rank SMALLINT NOT NULL,
    prefilled BOOLEAN NOT NULL,
    evidenced BOOLEAN NOT NULL,
    declared BOOLEAN NOT NULL,
    offline BOOLEAN NOT NULL,
    products BIGINT[] DEFAULT '{}' NOT NULL,
    vendors BIGINT[] DEFAULT '{}' NOT NULL,
    connected_products BIGINT[] DEFAULT '{}' NOT NULL,
    connected_vendors BIGINT[] DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_readiness PRIMARY KEY (basis, collectivite_id),
    CONSTRAINT ck_readiness_basis CHECK (basis IN ('DECLARED', 'CONFIRMED')),
    CONSTRAINT ck_readiness_rank CHECK (rank BETWEEN 0 AND 5)
);
CREATE TABLE coverage_count (
    basis TEXT NOT NULL,
    strata TEXT[] NOT NULL,
    total INTEGER NOT NULL,
    connected INTEGER NOT NULL,
    connected_with_prefill INTEGER NOT NULL,
    ready INTEGER NOT NULL,
    ready_unverified INTEGER NOT NULL,
    cost_unknown INTEGER NOT NULL,
    blocked_by_surcharge INTEGER NOT NULL,
    blocked_by_software INTEGER NOT NULL,
    blocked_undeclared INTEGER NOT NULL,
    no_known_software INTEGER NOT NULL,
    no_online_demarche INTEGER NOT NULL,
    CONSTRAINT pk_coverage_count PRIMARY KEY (basis, strata)
);
CREATE TABLE blocker_count (
    basis TEXT NOT NULL,
    grouping TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    strata TEXT[] NOT NULL,
    blocked INTEGER NOT NULL,
    blocked_alone INTEGER NOT NULL,
    inhabitants BIGINT NOT NULL,
    population BIGINT NOT NULL,
    connected_clients INTEGER NOT NULL,
    CONSTRAINT pk_blocker_count PRIMARY KEY (basis, grouping, subject_id, strata),
    CONSTRAINT ck_blocker_count_grouping CHECK (grouping IN ('PRODUCT', 'VENDOR'))
);
GRANT SELECT ON derivation, touched, product_verdict, readiness, coverage_count, blocker_count
    TO raccord_app;
GRANT DELETE ON touched TO raccord_app;
GRANT UPDATE ON derivation TO raccord_app;
GRANT INSERT, UPDATE, DELETE ON product_verdict, readiness, coverage_count, blocker_count TO raccord_app;
INSERT INTO derivation (as_of) VALUES ('1900-01-01');
INSERT INTO touched (noun, subject_id) SELECT 'campaign', id FROM campaign
"""

TOUCH = """
CREATE FUNCTION touch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    -- Each pair of arguments is a noun, and the column that holds the id of one.
    FOR place IN 0 .. TG_NARGS / 2 - 1 LOOP
        EXECUTE format(
            'INSERT INTO touched (noun, subject_id)
             SELECT DISTINCT %L, %I FROM (%s) AS changed WHERE %I IS NOT NULL',
            TG_ARGV[2 * place], TG_ARGV[2 * place + 1],
            CASE TG_OP WHEN 'INSERT' THEN 'TABLE after'
                       WHEN 'DELETE' THEN 'TABLE before'
                       ELSE 'TABLE before UNION ALL TABLE after' END,
            TG_ARGV[2 * place + 1]);
    END LOOP;
    RETURN NULL;
END
$body$
"""

TOUCHING = {
    "collectivite": "'collectivite', 'id'",
    "deployment": "'collectivite', 'collectivite_id'",
    "activation": "'collectivite', 'collectivite_id'",
    "product": "'product', 'id'",
    "integration": "'product', 'product_id'",
    "commitment": "'product', 'product_id', 'vendor', 'vendor_id'",
    "campaign": "'campaign', 'id'",
}
"""For each table on which what is derived depends, what a change of it touches."""

ROWS = {
    "INSERT": "REFERENCING NEW TABLE AS after",
    "UPDATE": "REFERENCING OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "REFERENCING OLD TABLE AS before",
}


def upgrade() -> None:
    for statement in re.split(r";\n(?=CREATE|GRANT|INSERT)", TABLES):
        op.execute(sa.text(statement))
    op.execute(sa.text(TOUCH))
    for table, touched in TOUCHING.items():
        for event, rows in ROWS.items():
            op.execute(
                f"CREATE TRIGGER touch_{event.lower()} AFTER {event} ON {table} {rows}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION touch({touched})"
            )
