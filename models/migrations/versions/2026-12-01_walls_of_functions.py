"""What the service may not write itself, a function of the owner's writes: the ledger, with who
acts as the transaction says it, and what is derived.
"""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    "DROP FUNCTION ledger_append(text, text, text, text, bigint[], text)",
    "DROP FUNCTION ledger_record(text, bigint, jsonb)",
    # Other tables hold what no entry may say, such as the personal values themselves.
    """
    CREATE FUNCTION ledger_nouns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
        SELECT CAST('{account,activation,allowed_siret,campaign,collectivite,'
            || 'collectivite_former_code,commitment,delegation,deployment,dispute,'
            || 'dispute_transition,evidence,grant_claim,grant_claim_transition,integration,'
            || 'product,product_former_key,schema_digest,software_request,target,territory,token,'
            || 'vendor,web_session}' AS text[])
    $body$
    """,
    # One expression for a whole statement: a function for each row took nine times as long.
    """
    CREATE FUNCTION ledger_record(noun text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $body$
        -- A personal value that record_value does not have reads {"sha256": null}.
        SELECT format('to_jsonb(subject.*) - CAST(%L AS text[])', ledger_columns(noun, 'unsaid'))
            || coalesce((
                SELECT string_agg(format(
                    ' || jsonb_build_object(%L, jsonb_build_object(''sha256'', encode(sha256('
                    || 'convert_to(CAST(subject.%I AS text), ''UTF8'')), ''hex'')))',
                    place, place), '')
                FROM unnest(ledger_columns(noun, 'secret')) AS place), '')
            || coalesce((
                SELECT string_agg(format(
                    ' || CASE WHEN subject.%2$I IS NULL THEN ''{}'' ELSE jsonb_build_object(%2$L,'
                    || ' jsonb_build_object(''sha256'', (SELECT encode(sha256(known.salt'
                    || ' || convert_to(known.value, ''UTF8'')), ''hex'') FROM record_value AS known'
                    || ' WHERE known.noun = %1$L AND known.subject_id = subject.id'
                    || ' AND known.field = %2$L AND known.value = subject.%2$I LIMIT 1))) END',
                    noun, place), '')
                FROM unnest(ledger_columns(noun, 'personal')) AS place), '')
    $body$
    """,
    """
    CREATE FUNCTION ledger_write(action text, noun text, ids bigint[], erased text)
    RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET bytea_output = 'hex'
    AS $body$
    DECLARE
        actor text := nullif(current_setting('raccord.actor', true), '');
        organisation text := nullif(current_setting('raccord.organisation', true), '');
        head bigint;
        moment timestamptz;
        place text;
    BEGIN
        IF actor IS NULL OR acting_role() = '' THEN
            RAISE EXCEPTION 'a transaction that writes begins by saying who acts'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF noun <> ALL (ledger_nouns()) THEN
            RAISE EXCEPTION 'the ledger says nothing of %', noun
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        -- One writer at a time from here to its commit: the numbers have no gap and their order is
        -- the order of commits. The next statement's snapshot sees what the lock waited for.
        PERFORM pg_advisory_xact_lock(7032022);
        SELECT coalesce(max(seq), 0) INTO head FROM ledger;
        moment := clock_timestamp();
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
        $insert$, CASE WHEN erased IS NULL THEN '' ELSE '$8 AS "column",' END,
                  ledger_record(noun), noun)
        USING head, moment, actor, organisation, action, noun, ids, erased;
        SELECT coalesce(max(seq), 0) INTO head FROM ledger;
        PERFORM pg_notify('ledger', CAST(head AS text));
        RETURN head;
    END
    $body$
    """,
    "REVOKE ALL ON FUNCTION ledger_write FROM PUBLIC",
    """
    CREATE FUNCTION ledger_append(action text, noun text, ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
    BEGIN
        IF action = 'erase' THEN
            RAISE EXCEPTION 'ledger_erase alone says that a value is erased'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN ledger_write(action, noun, ids, NULL);
    END
    $body$
    """,
    "REVOKE ALL ON FUNCTION ledger_append FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ledger_append TO raccord_app",
    """
    CREATE OR REPLACE FUNCTION ledger_erase(noun text, subject bigint, field text, erased text)
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
        PERFORM ledger_write('erase', noun, ARRAY[subject], field);
        RETURN true;
    END
    $body$
    """,
)

DERIVED = (
    Path(__file__).with_name("2026-12-01_refresh_derived.sql").read_text(encoding="utf-8"),
    "REVOKE ALL ON FUNCTION refresh_derived FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION refresh_derived TO raccord_app",
    "REVOKE INSERT, UPDATE, DELETE ON derivation, touched, product_verdict, readiness,"
    " coverage_count, blocker_count FROM raccord_app",
)

ADMINISTRATOR = "(SELECT acting_role()) = 'ADMINISTRATOR'"
SIGNING_IN = "(SELECT acting_role()) IN ('ADMINISTRATOR', 'SIGN_IN')"
OWN = "siren = (SELECT acting_organisation())"
SEEN = {
    "token": f"{SIGNING_IN} OR {OWN}",
    "delegation": f"{SIGNING_IN} OR {OWN}",
    "account": f"{SIGNING_IN} OR left(siret, 9) = (SELECT acting_organisation())",
    "web_session": SIGNING_IN,
    "sign_in_attempt": SIGNING_IN,
}
"""Who reads the rows that open a door, or tell of a person: a delegate of theirs does not."""

PRIVATE = (
    """
    CREATE FUNCTION acting_organisation() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
        SELECT nullif(current_setting('raccord.organisation', true), '')
    $body$
    """,
    # What others need of an account: that there is one, and where its notices go.
    """
    CREATE FUNCTION has_account(wanted text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
        SELECT EXISTS (SELECT FROM account WHERE left(siret, 9) = wanted)
    $body$
    """,
    """
    CREATE FUNCTION account_mailboxes(sirens text[], since timestamptz)
    RETURNS TABLE (siren text, email text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
        SELECT left(siret, 9), account.email FROM account
        WHERE left(siret, 9) = ANY(sirens) AND acting_role() <> ''
          AND EXISTS (SELECT FROM ledger WHERE noun = 'account' AND subject_id = account.id
                                           AND ledger.recorded_at >= since)
    $body$
    """,
    "REVOKE ALL ON FUNCTION has_account, account_mailboxes FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION has_account, account_mailboxes TO raccord_app",
    *(f"ALTER POLICY readable ON {table} USING ({condition})" for table, condition in SEEN.items()),
    # A row that is deleted blindly need not be seen.
    *(
        f"ALTER POLICY removable ON {table} USING ({ADMINISTRATOR})"
        for table in ("account", "delegation", "evidence", "message")
    ),
    f"ALTER POLICY addable ON token WITH CHECK ({OWN} OR {ADMINISTRATOR})",
    f"ALTER POLICY changeable ON token USING ({SEEN['token']}) WITH CHECK ({SEEN['token']})",
    f"ALTER POLICY addable ON delegation WITH CHECK ({OWN} OR {ADMINISTRATOR})",
    f"ALTER POLICY changeable ON delegation USING ({OWN} OR {ADMINISTRATOR})"
    f" WITH CHECK ({OWN} OR {ADMINISTRATOR})",
)

TEMPORARY = (
    # The owner makes them, the service fills them: PostgreSQL lets it use what it was granted.
    """
    CREATE FUNCTION create_temporary(name text, columns text[], types text[], key text)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
    BEGIN
        IF EXISTS (SELECT FROM pg_class WHERE relname = name
                   AND relnamespace IN ('public'::regnamespace, 'pg_catalog'::regnamespace)) THEN
            RAISE EXCEPTION '% is the name of another table', name
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        EXECUTE format('DROP TABLE IF EXISTS pg_temp.%I', name);
        EXECUTE format('CREATE TEMP TABLE %I (%s %s) ON COMMIT DROP', name, (
            SELECT string_agg(format('%I %s %s', given.name, format_type(type.oid, NULL),
                                     CASE WHEN typcollation <> 0 THEN 'COLLATE "C"' END),
                              ', ' ORDER BY place)
            FROM unnest(columns, types) WITH ORDINALITY AS given (name, type, place)
            JOIN pg_type AS type ON type.oid = given.type::regtype
        ), CASE WHEN key IS NULL THEN '' ELSE format(', PRIMARY KEY (%I)', key) END);
        EXECUTE format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON pg_temp.%I TO raccord_app', name);
    END
    $body$
    """,
    """
    CREATE FUNCTION analyze_temporary(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
    BEGIN
        EXECUTE format('ANALYZE pg_temp.%I', name);
    END
    $body$
    """,
    "REVOKE ALL ON FUNCTION create_temporary, analyze_temporary FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION create_temporary, analyze_temporary TO raccord_app",
    """
    DO $body$
    BEGIN
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, raccord_app',
                       current_database());
    END
    $body$
    """,
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*STATEMENTS, *DERIVED, *PRIVATE, *TEMPORARY):
        connection.exec_driver_sql(statement)
