"""Personal values enter the ledger as salted digests, and can be erased beside it."""

from alembic import op

from models.migrations import CannotMigrate

revision = "0015"
down_revision = "0017"
branch_labels = None
depends_on = None

CLEAR = """
SELECT EXISTS (
    SELECT FROM ledger
    CROSS JOIN LATERAL (
        SELECT CAST(convert_from(payload, 'UTF8') AS jsonb) -> 'record' AS record) AS said
    WHERE (noun = 'vendor' AND record ->> 'contact' IS NOT NULL)
       OR (noun = 'commitment'
           AND coalesce(record ->> 'signatory', record ->> 'signatory_capacity') IS NOT NULL))
"""

WAY_OUT = (
    "Le journal de cette base tient en clair des contacts ou des signataires, et un journal ne se"
    " récrit pas : exportez-la avec la version précédente du programme (« raccord export bundle"
    " DOSSIER »), puis importez ce lot avec celle-ci dans une base neuve (autre"
    " RACCORD_DATABASE_URL ou autre RACCORD_DATA_DIR) par « raccord migrate », « raccord import"
    " referential --vintage MILLÉSIME » et « raccord import bundle DOSSIER »."
)

STATEMENTS = (
    """
    CREATE TABLE record_value (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        noun TEXT NOT NULL,
        subject_id BIGINT NOT NULL,
        field TEXT NOT NULL,
        value TEXT NOT NULL,
        salt BYTEA NOT NULL,
        CONSTRAINT pk_record_value PRIMARY KEY (id),
        CONSTRAINT ck_record_value_salt CHECK (octet_length(salt) = 32)
    )
    """,
    "CREATE INDEX ix_record_value_subject ON record_value (noun, subject_id, field)",
    "ALTER TABLE record_value ENABLE ROW LEVEL SECURITY",
    """
    CREATE POLICY readable ON record_value FOR SELECT TO raccord_app
    USING (noun = 'vendor' OR (SELECT acting_role()) = 'ADMINISTRATOR')
    """,
    "GRANT SELECT ON record_value TO raccord_app",
    # The models declare the same on their columns; a test compares.
    """
    CREATE FUNCTION ledger_columns(noun text, kind text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
        SELECT CASE kind
            WHEN 'personal' THEN CASE noun
                WHEN 'vendor' THEN '{contact}'
                WHEN 'commitment' THEN '{signatory,signatory_capacity}'
                WHEN 'account' THEN '{email,subject}'
                WHEN 'delegation' THEN '{email}'
                ELSE '{}' END
            WHEN 'secret' THEN CASE
                WHEN noun IN ('token', 'web_session') THEN '{digest}' ELSE '{}' END
            WHEN 'unsaid' THEN CASE
                WHEN noun IN ('vendor', 'product') THEN '{id,search}'
                WHEN noun = 'collectivite' THEN '{id,search,code}'
                WHEN noun = 'token' THEN '{id,last_used_at}'
                WHEN noun = 'web_session' THEN '{id,used_at,id_token}'
                WHEN noun IN ('integration', 'commitment', 'activation', 'dispute_transition',
                              'grant_claim_transition') THEN '{id,effective_until}'
                ELSE '{id}' END
            END::text[]
    $body$
    """,
    """
    CREATE FUNCTION record_digest(salt bytea, value text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
        SELECT encode(sha256(salt || convert_to(value, 'UTF8')), 'hex')
    $body$
    """,
    """
    CREATE FUNCTION ledger_record(noun text, subject bigint, kept jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $body$
        -- A personal value that record_value does not have reads {"sha256": null}.
        SELECT kept - ledger_columns(noun, 'unsaid')
            || coalesce((
                SELECT jsonb_object_agg(place, jsonb_build_object(
                    'sha256', encode(sha256(convert_to(kept ->> place, 'UTF8')), 'hex')))
                FROM unnest(ledger_columns(noun, 'secret')) AS place), '{}')
            || coalesce((
                SELECT jsonb_object_agg(place, jsonb_build_object('sha256', (
                    SELECT record_digest(known.salt, known.value) FROM record_value AS known
                    WHERE known.noun = ledger_record.noun AND known.subject_id = subject
                      AND known.field = place AND known.value = kept ->> place
                    LIMIT 1)))
                FROM unnest(ledger_columns(noun, 'personal')) AS place
                WHERE kept ->> place IS NOT NULL), '{}')
    $body$
    """,
    "DROP FUNCTION ledger_append(text, text, text, text, bigint[])",
    """
    CREATE FUNCTION ledger_append(
        actor text, organisation text, action text, noun text, ids bigint[],
        erased text DEFAULT NULL
    ) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET bytea_output = 'hex'
    AS $body$
    DECLARE
        head bigint;
        moment timestamptz;
        place text;
        said text := 'to_jsonb(subject.*) - ledger_columns($6, ''unsaid'')';
    BEGIN
        -- One writer at a time from here to its commit: the numbers have no gap and their order is
        -- the order of commits. The next statement's snapshot sees what the lock waited for.
        PERFORM pg_advisory_xact_lock(7032022);
        SELECT coalesce(max(seq), 0) INTO head FROM ledger;
        moment := clock_timestamp();
        IF ledger_columns(noun, 'personal') || ledger_columns(noun, 'secret') <> '{}' THEN
            said := 'ledger_record($6, subject.id, to_jsonb(subject.*))';
        END IF;
        IF action NOT IN ('erase', 'delete') THEN
            FOREACH place IN ARRAY ledger_columns(noun, 'personal') LOOP
                -- Three random UUIDs hold 366 random bits; their SHA-256 is a salt of 256.
                EXECUTE format($insert$
                    INSERT INTO record_value (noun, subject_id, field, value, salt)
                    SELECT $1, subject.id, $2, subject.%2$I,
                           sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                                  || uuid_send(gen_random_uuid()))
                    FROM (SELECT DISTINCT unnest($3)) AS wanted(id)
                    JOIN %1$I AS subject USING (id)
                    WHERE subject.%2$I IS NOT NULL AND NOT EXISTS (
                        SELECT FROM record_value AS known
                        WHERE known.noun = $1 AND known.subject_id = subject.id
                          AND known.field = $2 AND known.value = subject.%2$I)
                $insert$, noun, place) USING noun, place, ids;
            END LOOP;
        END IF;
        EXECUTE format($insert$
            INSERT INTO ledger (seq, recorded_at, noun, subject_id, payload)
            SELECT entry.seq, $2, entry.noun, entry.id,
                   convert_to(row_to_json(entry)::text, 'UTF8')
            FROM (
                SELECT $1 + row_number() OVER (ORDER BY subject.id) AS seq,
                       to_char($2 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
                       $3 AS actor, $4 AS organisation, $5 AS action, $6 AS noun, subject.id,
                       %s %s AS record
                FROM unnest($7) AS wanted(id) JOIN %I AS subject USING (id)
            ) AS entry
        $insert$, CASE WHEN erased IS NULL THEN '' ELSE '$8 AS "column",' END, said, noun)
        USING head, moment, actor, organisation, action, noun, ids, erased;
        SELECT coalesce(max(seq), 0) INTO head FROM ledger;
        PERFORM pg_notify('ledger', CAST(head AS text));
        RETURN head;
    END
    $body$
    """,
    "REVOKE ALL ON FUNCTION ledger_append FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ledger_append TO raccord_app",
    """
    CREATE FUNCTION ledger_erase(noun text, subject bigint, field text, erased text)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
    BEGIN
        IF NOT acting_trusted() OR field <> ALL (ledger_columns(noun, 'personal')) THEN
            RAISE EXCEPTION 'personal values are erased by the ministry'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        PERFORM pg_advisory_xact_lock(7032022);
        DELETE FROM record_value AS known
        WHERE known.noun = ledger_erase.noun AND known.subject_id = subject
          AND known.field = ledger_erase.field AND known.value = erased;
        IF NOT FOUND THEN RETURN false;
        END IF;
        PERFORM ledger_append(
            coalesce(nullif(current_setting('raccord.actor', true), ''), 'administrator'),
            nullif(current_setting('raccord.organisation', true), ''),
            'erase', noun, ARRAY[subject], field);
        RETURN true;
    END
    $body$
    """,
    "REVOKE ALL ON FUNCTION ledger_erase FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ledger_erase TO raccord_app",
)

SAID_ANEW = ("territory", "account", "delegation", "token", "evidence", "web_session", "campaign")
"""The nouns whose entries say more from here on."""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.exec_driver_sql(CLEAR).scalar():
        raise CannotMigrate(WAY_OUT)
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
    for noun in SAID_ANEW:
        connection.exec_driver_sql(
            f"SELECT ledger_append('migration', NULL, 'update', '{noun}', array_agg(id))"
            f" FROM {noun} HAVING count(*) > 0"
        )
