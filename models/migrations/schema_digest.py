"""One digest tells what the database enforces: policies, triggers, functions, grants, constraints.

A migration writes it in the table ``schema_digest`` and in the ledger; ``raccord verify`` takes it
again. The query is here, not in a function of the database, which could be changed as well.
"""

import sqlalchemy as sa

DIGEST = """
WITH service AS (SELECT * FROM pg_roles WHERE rolname = 'raccord_app'),
home AS (SELECT oid AS namespace, nspacl, nspowner FROM pg_namespace WHERE nspname = 'public'),
own AS (
    SELECT pg_class.* FROM pg_class JOIN home ON namespace = relnamespace
    WHERE relkind IN ('r', 'v') AND relname <> 'alembic_version'
),
granted AS (
    SELECT 'table ' || relname AS what, relowner AS owner, relacl AS acl FROM own
    UNION ALL
    SELECT concat_ws(' ', 'column', relname, attname), relowner, attacl
    FROM own JOIN pg_attribute ON attrelid = own.oid WHERE attacl IS NOT NULL
    UNION ALL
    SELECT 'function ' || CAST(CAST(pg_proc.oid AS regprocedure) AS text), proowner,
           coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc JOIN home ON namespace = pronamespace
    UNION ALL
    SELECT 'schema', nspowner, nspacl FROM home
),
line AS (
    SELECT CAST(ROW('policy', tablename, policyname, permissive, roles, cmd, qual, with_check)
                AS text) AS text
    FROM pg_policies WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' | ', CAST(tgenabled AS text),
                     CASE WHEN tgisinternal THEN CAST(CAST(tgrelid AS regclass) AS text)
                          ELSE pg_get_triggerdef(pg_trigger.oid) END)
    FROM pg_trigger JOIN own ON own.oid = tgrelid
    UNION ALL
    SELECT pg_get_functiondef(pg_proc.oid)
    FROM pg_proc JOIN home ON namespace = pronamespace WHERE prokind = 'f'
    UNION ALL
    SELECT concat_ws(' | ', CAST(conrelid AS regclass), conname, convalidated,
                     pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint JOIN own ON own.oid = conrelid WHERE contype <> 'n'
    UNION ALL
    SELECT concat_ws(' | ', relname, relkind, relrowsecurity, relforcerowsecurity,
                     relowner = (SELECT oid FROM service),
                     CASE relkind WHEN 'v' THEN pg_get_viewdef(own.oid) END)
    FROM own
    UNION ALL
    SELECT concat_ws(' | ', relname, attname, format_type(atttypid, atttypmod), attnotnull,
                     attgenerated, attidentity, pg_get_expr(adbin, adrelid))
    FROM own JOIN pg_attribute ON attrelid = own.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT concat_ws(' | ', pg_get_indexdef(indexrelid), indisvalid)
    FROM pg_index JOIN own ON own.oid = indrelid
    UNION ALL
    SELECT concat_ws(' | ', 'rule', CAST(ev_class AS regclass), rulename, ev_enabled)
    FROM pg_rewrite JOIN own ON own.oid = ev_class
    UNION ALL
    SELECT concat_ws(' | ', 'event', evtname, evtenabled) FROM pg_event_trigger
    UNION ALL
    SELECT concat_ws(' | ', 'temporary', has_database_privilege(oid, current_database(), 'TEMP'))
    FROM service
    UNION ALL
    SELECT concat_ws(' | ', 'role', rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
                     EXISTS (SELECT FROM pg_auth_members WHERE member = service.oid))
    FROM service
    UNION ALL
    SELECT concat_ws(' | ', what, grantee = 0, grantee = (SELECT oid FROM service),
                     privilege_type, is_grantable)
    FROM granted CROSS JOIN LATERAL aclexplode(acl) AS given
    WHERE grantee <> owner
      AND (privilege_type <> 'SELECT' OR grantee = 0 OR grantee = (SELECT oid FROM service))
)
SELECT encode(sha256(convert_to(lines, 'UTF8')), 'hex')
FROM (SELECT string_agg(text, chr(10) ORDER BY text COLLATE "C") AS lines FROM line) AS joined
"""
PLACE = "SELECT set_config('search_path', 'public', true)"
"""PostgreSQL words its catalogue as the path has it."""
ACTING = (
    "SELECT set_config('raccord.actor', 'migration', true),"
    " set_config('raccord.role', 'ADMINISTRATOR', true)"
)
SERVER = "SELECT CAST(current_setting('server_version_num') AS integer) / 10000"
REVISION = "SELECT version_num FROM alembic_version"


def record(connection: sa.Connection) -> None:
    """After a migration, or under another PostgreSQL: at no other time, lest it bless a breach."""
    now = (
        connection.exec_driver_sql(REVISION).scalar(),
        connection.exec_driver_sql(SERVER).scalar(),
    )
    known = connection.exec_driver_sql("SELECT revision, server FROM schema_digest").one_or_none()
    if known is not None and tuple(known) == now:
        return
    connection.exec_driver_sql(PLACE)
    digest = connection.exec_driver_sql(DIGEST).scalar()
    written = connection.execute(
        sa.text(
            "INSERT INTO schema_digest (revision, server, digest)"
            " VALUES (:revision, :server, :digest)"
            " ON CONFLICT ((true)) DO UPDATE SET revision = excluded.revision,"
            " server = excluded.server, digest = excluded.digest RETURNING id"
        ),
        {"revision": now[0], "server": now[1], "digest": digest},
    )
    connection.exec_driver_sql(ACTING)
    connection.execute(
        sa.text("SELECT ledger_append('update', 'schema_digest', CAST(:ids AS bigint[]))"),
        {"ids": [written.scalar()]},
    )
