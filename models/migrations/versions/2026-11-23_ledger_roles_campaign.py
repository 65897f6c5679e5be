"""The ledger's only way in, what the service's role may do, keys that resolve, the campaign."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEDGER = """
CREATE FUNCTION ledger_append(
    actor text, organisation text, action text, noun text, ids bigint[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    head bigint;
    moment timestamptz;
BEGIN
    -- One writer at a time from here to its commit: the numbers have no gap and their order is
    -- the order of commits. The next statement's snapshot sees what the lock waited for.
    PERFORM pg_advisory_xact_lock(7032022);
    SELECT coalesce(max(seq), 0) INTO head FROM ledger;
    moment := clock_timestamp();
    EXECUTE format($insert$
        INSERT INTO ledger (seq, recorded_at, noun, subject_id, payload)
        SELECT entry.seq, $2, entry.noun, entry.id, convert_to(row_to_json(entry)::text, 'UTF8')
        FROM (
            SELECT $1 + row_number() OVER (ORDER BY subject.id) AS seq,
                   to_char($2 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
                   $3 AS actor, $4 AS organisation, $5 AS action, $6 AS noun, subject.id,
                   to_jsonb(subject) - '{id,code,search,effective_until}'::text[] AS record
            FROM unnest($7) AS wanted(id) JOIN %I AS subject USING (id)
        ) AS entry
    $insert$, noun) USING head, moment, actor, organisation, action, noun, ids;
    RETURN (SELECT max(seq) FROM ledger);
END
$body$;

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END
$body$;

CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_append_only;
"""

STATISTICS = """
CREATE FUNCTION refresh_statistics() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
    ANALYZE collectivite, vendor, product, integration, commitment, deployment, activation
$body$;
REVOKE ALL ON FUNCTION refresh_statistics FROM PUBLIC;
"""
"""A load changes what the planner knows of the tables, and only their owner may tell it."""

KEYS = """
CREATE VIEW collectivite_code AS
SELECT insee AS code, id AS collectivite_id FROM collectivite
 WHERE insee IS NOT NULL AND successor_id IS NULL
UNION ALL
SELECT siren, id FROM collectivite WHERE siren IS NOT NULL AND closed_on IS NULL
UNION ALL
SELECT former_code, collectivite_id FROM collectivite_former_code;

CREATE VIEW product_key AS
SELECT vendor.siren AS vendor_siren, product.slug, product.id AS product_id
FROM product JOIN vendor ON vendor.id = product.vendor_id
UNION ALL
SELECT vendor_siren, slug, product_id FROM product_former_key;
"""

ROLE = """
DO $body$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'raccord_app') THEN
        CREATE ROLE raccord_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END
$body$;

DO $body$
BEGIN
    IF NOT pg_has_role(current_user, 'raccord_app', 'SET') THEN
        GRANT raccord_app TO CURRENT_USER;
    END IF;
-- Where another login serves, only that one must be a member: opening the registry says so.
EXCEPTION WHEN insufficient_privilege THEN NULL;
END
$body$;

GRANT USAGE ON SCHEMA public TO raccord_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO raccord_app;
GRANT INSERT, UPDATE ON vendor, product, product_former_key, collectivite,
    collectivite_former_code, territory, campaign, target, deployment, dispute, grant_claim,
    account, token TO raccord_app;
GRANT DELETE ON product_former_key, collectivite_former_code, deployment, activation
    TO raccord_app;
GRANT INSERT ON integration, commitment, activation, dispute_transition, grant_claim_transition
    TO raccord_app;
GRANT UPDATE (effective_until, declared_by, evidence_url, feeds, target_date, evidence_level,
    min_version) ON integration TO raccord_app;
GRANT UPDATE (effective_until, declared_by, evidence_url, charter_version, signatory,
    signatory_capacity, exclusions, valid_until) ON commitment TO raccord_app;
GRANT UPDATE (effective_until, declared_by, collectivite_id) ON activation TO raccord_app;
GRANT UPDATE (effective_until) ON dispute_transition, grant_claim_transition TO raccord_app;
REVOKE ALL ON FUNCTION ledger_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_append, refresh_statistics TO raccord_app;
"""

CAMPAIGN = """
INSERT INTO campaign (name, charter_version, signed_on, deadline, signatories, accepted_services,
                      total_target, grant_amount_cents)
VALUES ('Charte pour le déploiement de FranceConnect dans les territoires', '2022-03-07',
        '2022-03-07', '2022-12-31',
        ARRAY['État', 'AMF', 'ADF', 'Intercommunalités de France', 'France urbaine',
              'Villes de France', 'AMRF', 'APVF', 'FNCCR', 'Avicca', 'OpenDataFrance', 'Déclic',
              'Interconnectés'],
        ARRAY['FRANCECONNECT_V1', 'FRANCECONNECT_V2'], 5000, 500000);
INSERT INTO target (campaign_id, stratum, share)
SELECT campaign.id, aim.stratum, aim.share
FROM campaign,
     (VALUES ('DEPARTEMENT', 1), ('EPCI', 0.5), ('COMMUNE_OVER_3500', 0.5),
             ('COMMUNE_UP_TO_3500', 0.1)) AS aim(stratum, share);
SELECT ledger_append('migration', NULL, 'create', 'campaign', array_agg(id)) FROM campaign;
SELECT ledger_append('migration', NULL, 'create', 'target', array_agg(id)) FROM target;
"""


def upgrade() -> None:
    for script in (LEDGER, STATISTICS, KEYS, ROLE, CAMPAIGN):
        for statement in re.split(r";\n+(?=CREATE|DO|ALTER|GRANT|REVOKE|INSERT|SELECT)", script):
            op.execute(sa.text(statement.replace(":", "\\:")))
