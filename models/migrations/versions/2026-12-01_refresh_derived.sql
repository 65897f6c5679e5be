CREATE OR REPLACE FUNCTION refresh_derived(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
    accepted text[];
    derived_on date;
    for_all boolean;
    bodies bigint[];
    products bigint[];
    vendors bigint[];
    moved bigint[];
BEGIN
    -- In the ledger's turn; the next statement's snapshot sees what the lock waited for.
    PERFORM pg_advisory_xact_lock(7032022);
    SELECT accepted_services, as_of INTO accepted, derived_on FROM campaign CROSS JOIN derivation;
    WITH taken AS (DELETE FROM touched RETURNING noun, subject_id)
    SELECT coalesce(bool_or(noun = 'campaign'), false),
           coalesce(array_agg(DISTINCT subject_id) FILTER (WHERE noun = 'collectivite'), '{}'),
           coalesce(array_agg(DISTINCT subject_id) FILTER (WHERE noun = 'product'), '{}'),
           coalesce(array_agg(DISTINCT subject_id) FILTER (WHERE noun = 'vendor'), '{}')
    INTO for_all, bodies, products, vendors FROM taken;
    IF for_all OR derived_on <> day THEN
        products := ARRAY(SELECT id FROM product);
    ELSIF vendors <> '{}' THEN
        products := products || ARRAY(SELECT id FROM product WHERE vendor_id = ANY(vendors));
    END IF;
    IF products <> '{}' THEN
        WITH 
qualified AS (
    SELECT product_id, bool_or(evidence_level IN ('EVIDENCED', 'VERIFIED')) AS evidenced
    FROM integration
    WHERE state = 'QUALIFIED' AND service = ANY(accepted) AND effective_on <= day AND (effective_until IS NULL OR effective_until > day)
    GROUP BY product_id
),
declared AS (
    SELECT product_id, max(effective_on) AS declared_on
    FROM integration
    WHERE declared_by = 'VENDOR' AND effective_on <= day
    GROUP BY product_id
),
commitment_read AS (
    SELECT vendor_id, product_id,
           CASE WHEN state IN ('SIGNED', 'BREACH_ALLEGED') AND valid_until < day
                THEN 'EXPIRED' ELSE state END AS state
    FROM commitment
    WHERE effective_on <= day AND (effective_until IS NULL OR effective_until > day)
),
verdict AS (
    SELECT product.id AS product_id, product.vendor_id,
           qualified.product_id IS NOT NULL AS qualified,
           coalesce(qualified.evidenced, false) AS evidenced,
           declared.declared_on,
           CASE WHEN NOT product.citizen_login THEN 'NOT_CONCERNED'
                WHEN qualified.product_id IS NULL THEN 'NOT_INTEGRATED'
                WHEN applying.state IN ('DECLINED', 'BREACHED') THEN 'SURCHARGE'
                WHEN applying.state IN ('SIGNED', 'BREACH_ALLEGED') THEN 'READY'
                ELSE 'COST_UNKNOWN' END AS verdict
    FROM product
    LEFT JOIN qualified ON qualified.product_id = product.id
    LEFT JOIN declared ON declared.product_id = product.id
    LEFT JOIN commitment_read AS own ON own.product_id = product.id
    LEFT JOIN commitment_read AS wide
           ON wide.vendor_id = product.vendor_id AND wide.product_id IS NULL
    CROSS JOIN LATERAL (
        SELECT CASE WHEN coalesce(own.state, 'NONE') IN ('NONE', 'INVITED', 'EXPIRED')
                    THEN wide.state ELSE own.state END AS state
    ) AS applying
)
,
    kept AS (SELECT product_id, vendor_id, qualified, evidenced, declared_on, verdict FROM product_verdict),
    moved AS (
        SELECT product_id, vendor_id, qualified, evidenced, declared_on, verdict FROM verdict WHERE product_id = ANY(products)
        EXCEPT TABLE kept
    ),
    put AS (
        INSERT INTO product_verdict (product_id, vendor_id, qualified, evidenced, declared_on, verdict) TABLE moved
        ON CONFLICT (product_id) DO UPDATE SET vendor_id = excluded.vendor_id, qualified = excluded.qualified, evidenced = excluded.evidenced, declared_on = excluded.declared_on, verdict = excluded.verdict
    )
    SELECT coalesce(array_agg(product_id), '{}') FROM (
        SELECT product_id, vendor_id, qualified, evidenced, declared_on IS NULL, verdict FROM moved EXCEPT SELECT product_id, vendor_id, qualified, evidenced, declared_on IS NULL, verdict FROM kept
    ) AS changed
        INTO moved;
        bodies := bodies || ARRAY(
            SELECT DISTINCT collectivite_id FROM deployment WHERE product_id = ANY(moved));
    END IF;
    IF for_all THEN
        bodies := ARRAY(SELECT id FROM collectivite WHERE closed_on IS NULL
                        UNION SELECT collectivite_id FROM readiness);
    ELSIF derived_on <> day THEN
        -- Those for which something begins or ends between the two days.
        bodies := bodies || ARRAY(
            SELECT collectivite_id FROM deployment
            WHERE (since > least(derived_on, day) AND since <= greatest(derived_on, day))
               OR (until > least(derived_on, day) AND until <= greatest(derived_on, day))
            UNION
            SELECT collectivite_id FROM activation
            WHERE effective_on > least(derived_on, day)
              AND effective_on <= greatest(derived_on, day)
            UNION
            SELECT id FROM collectivite
            WHERE no_online_demarche_since > least(derived_on, day)
              AND no_online_demarche_since <= greatest(derived_on, day));
    END IF;
    IF bodies <> '{}' THEN
        bodies := ARRAY(SELECT DISTINCT unnest(bodies) ORDER BY 1);
        PERFORM set_config('plan_cache_mode',
            CASE WHEN cardinality(bodies) > 100 THEN 'force_custom_plan'
                 ELSE 'force_generic_plan' END, true);
        WITH verdict AS (SELECT * FROM product_verdict),
    body AS (
        SELECT id, siren, kind, population, strata, no_online_demarche_since
        FROM collectivite WHERE id = ANY(bodies) AND closed_on IS NULL
    ),
    live AS (
        SELECT collectivite_id, product_id, demarche,
               bool_or(service = ANY(accepted)) AS connected,
               bool_or(service IN ('API_PARTICULIER', 'API_IMPOT_PARTICULIER')) AS prefilled
        FROM activation
        WHERE state = 'IN_PRODUCTION' AND effective_on <= day AND (effective_until IS NULL OR effective_until > day) AND collectivite_id = ANY(bodies)
        GROUP BY collectivite_id, product_id, demarche
    ),
    concerned AS (
        SELECT product_id, vendor_id, vendor.siren, qualified, evidenced, declared_on,
               CASE verdict WHEN 'READY' THEN 1 WHEN 'COST_UNKNOWN' THEN 2
                            WHEN 'SURCHARGE' THEN 3 ELSE 4 END AS rank
        FROM verdict JOIN vendor ON vendor.id = vendor_id
        WHERE verdict <> 'NOT_CONCERNED'
    ),
    in_house AS (
        SELECT body.id AS collectivite_id, product_id
        FROM body JOIN concerned USING (siren) WHERE qualified
    ),
    link AS (
        SELECT collectivite_id, product_id, demarche FROM deployment
        WHERE since <= day AND (until IS NULL OR until > day) AND collectivite_id = ANY(bodies)
    ),
    usage AS (
        SELECT collectivite_id, product_id, concerned.vendor_id, demarche,
               concerned.evidenced, concerned.declared_on,
               coalesce(live.prefilled, false) AS prefilled,
               CASE WHEN live.connected THEN 0
                    WHEN in_house.product_id IS NOT NULL THEN 1
                    ELSE concerned.rank END AS rank,
               concerned.rank = 1 OR in_house.product_id IS NOT NULL AS ready
        FROM link
        JOIN concerned USING (product_id)
        LEFT JOIN in_house USING (collectivite_id, product_id)
        LEFT JOIN live USING (collectivite_id, product_id, demarche)
    ),
    best AS (
        SELECT collectivite_id, min(rank) AS rank, bool_or(prefilled) AS prefilled,
               coalesce(bool_or(evidenced) FILTER (WHERE ready), false) AS evidenced,
               bool_or(declared_on IS NOT NULL) AS declared,
               array_agg(DISTINCT product_id) AS products,
               array_agg(DISTINCT vendor_id) AS vendors,
               array_agg(DISTINCT product_id) FILTER (WHERE rank = 0) AS connected_products,
               array_agg(DISTINCT vendor_id) FILTER (WHERE rank = 0) AS connected_vendors
        FROM usage GROUP BY collectivite_id
    ),
    state AS (
        SELECT body.*, coalesce(best.rank, 5) AS rank,
               coalesce(best.prefilled, false) AS prefilled,
               coalesce(best.evidenced, false) AS evidenced,
               coalesce(best.declared, false) AS declared,
               coalesce(body.no_online_demarche_since <= day, false) AS offline,
               coalesce(best.products, '{}') AS products,
               coalesce(best.vendors, '{}') AS vendors,
               coalesce(best.connected_products, '{}') AS connected_products,
               coalesce(best.connected_vendors, '{}') AS connected_vendors
        FROM body LEFT JOIN best ON best.collectivite_id = body.id
    )
    , 
    fresh AS (SELECT CAST(CAST('DECLARED' AS text) AS text) AS basis, id AS collectivite_id, kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors, connected_products, connected_vendors FROM state),
    stored AS (
        SELECT basis, collectivite_id, kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors, connected_products, connected_vendors FROM readiness
        WHERE basis = CAST('DECLARED' AS text) AND collectivite_id = ANY(bodies)
    ),
    after AS (TABLE fresh EXCEPT TABLE stored),
    before AS (TABLE stored EXCEPT TABLE fresh),
    put AS (
        INSERT INTO readiness (basis, collectivite_id, kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors, connected_products, connected_vendors) TABLE after
        ON CONFLICT (basis, collectivite_id) DO UPDATE SET kind = excluded.kind, population = excluded.population, strata = excluded.strata, rank = excluded.rank, prefilled = excluded.prefilled, evidenced = excluded.evidenced, declared = excluded.declared, offline = excluded.offline, products = excluded.products, vendors = excluded.vendors, connected_products = excluded.connected_products, connected_vendors = excluded.connected_vendors
    ),
    gone AS (
        DELETE FROM readiness
        WHERE basis = CAST('DECLARED' AS text) AND collectivite_id IN (
            SELECT collectivite_id FROM before EXCEPT SELECT collectivite_id FROM after
        )
    ),
    moved AS (
        SELECT 1 AS sign, after.* FROM after WHERE strata <> '{}'
        UNION ALL SELECT -1, before.* FROM before WHERE strata <> '{}'
    ),
    counts AS (
        INSERT INTO coverage_count AS kept (basis, strata, total, connected, connected_with_prefill, ready, ready_unverified, cost_unknown, blocked_by_surcharge, blocked_by_software, blocked_undeclared, no_known_software, no_online_demarche)
        SELECT CAST('DECLARED' AS text), total.* FROM (
        SELECT strata, sum(sign) AS total,
               coalesce(sum(sign) FILTER (WHERE rank = 0), 0) AS connected,
               coalesce(sum(sign) FILTER (WHERE rank = 0 AND prefilled), 0) AS connected_with_prefill,
               coalesce(sum(sign) FILTER (WHERE rank = 1), 0) AS ready,
               coalesce(sum(sign) FILTER (WHERE rank = 1 AND NOT evidenced), 0) AS ready_unverified,
               coalesce(sum(sign) FILTER (WHERE rank = 2), 0) AS cost_unknown,
               coalesce(sum(sign) FILTER (WHERE rank = 3), 0) AS blocked_by_surcharge,
               coalesce(sum(sign) FILTER (WHERE rank = 4), 0) AS blocked_by_software,
               coalesce(sum(sign) FILTER (WHERE rank = 4 AND NOT declared), 0) AS blocked_undeclared,
               coalesce(sum(sign) FILTER (WHERE rank = 5), 0) AS no_known_software,
               coalesce(sum(sign) FILTER (WHERE rank = 5 AND offline), 0) AS no_online_demarche
        FROM moved GROUP BY strata
    ) AS total
        ON CONFLICT (basis, strata) DO UPDATE SET total = kept.total + excluded.total, connected = kept.connected + excluded.connected, connected_with_prefill = kept.connected_with_prefill + excluded.connected_with_prefill, ready = kept.ready + excluded.ready, ready_unverified = kept.ready_unverified + excluded.ready_unverified, cost_unknown = kept.cost_unknown + excluded.cost_unknown, blocked_by_surcharge = kept.blocked_by_surcharge + excluded.blocked_by_surcharge, blocked_by_software = kept.blocked_by_software + excluded.blocked_by_software, blocked_undeclared = kept.blocked_undeclared + excluded.blocked_undeclared, no_known_software = kept.no_known_software + excluded.no_known_software, no_online_demarche = kept.no_online_demarche + excluded.no_online_demarche
    ),
    product_counts AS (
        INSERT INTO blocker_count AS kept (
            basis, grouping, subject_id, strata, blocked, blocked_alone, inhabitants, population,
            connected_clients
        )
        SELECT CAST('DECLARED' AS text), 'PRODUCT', tally.* FROM (
        SELECT subject_id, strata,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4)), 0) AS blocked,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4) AND cardinality(products) = 1), 0)
                   AS blocked_alone,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4) AND kind = 'COMMUNE'), 0)
                   AS inhabitants,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4)), 0) AS population,
               coalesce(sum(sign) FILTER (WHERE subject_id = ANY(connected_products)), 0)
                   AS connected_clients
        FROM moved CROSS JOIN LATERAL unnest(products) AS subject_id
        WHERE rank IN (3, 4) OR subject_id = ANY(connected_products)
        GROUP BY subject_id, strata
    ) AS tally
        ON CONFLICT (basis, grouping, subject_id, strata) DO UPDATE SET blocked = kept.blocked + excluded.blocked, blocked_alone = kept.blocked_alone + excluded.blocked_alone, inhabitants = kept.inhabitants + excluded.inhabitants, population = kept.population + excluded.population, connected_clients = kept.connected_clients + excluded.connected_clients
    )
    
        INSERT INTO blocker_count AS kept (
            basis, grouping, subject_id, strata, blocked, blocked_alone, inhabitants, population,
            connected_clients
        )
        SELECT CAST('DECLARED' AS text), 'VENDOR', tally.* FROM (
        SELECT subject_id, strata,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4)), 0) AS blocked,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4) AND cardinality(vendors) = 1), 0)
                   AS blocked_alone,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4) AND kind = 'COMMUNE'), 0)
                   AS inhabitants,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4)), 0) AS population,
               coalesce(sum(sign) FILTER (WHERE subject_id = ANY(connected_vendors)), 0)
                   AS connected_clients
        FROM moved CROSS JOIN LATERAL unnest(vendors) AS subject_id
        WHERE rank IN (3, 4) OR subject_id = ANY(connected_vendors)
        GROUP BY subject_id, strata
    ) AS tally
        ON CONFLICT (basis, grouping, subject_id, strata) DO UPDATE SET blocked = kept.blocked + excluded.blocked, blocked_alone = kept.blocked_alone + excluded.blocked_alone, inhabitants = kept.inhabitants + excluded.inhabitants, population = kept.population + excluded.population, connected_clients = kept.connected_clients + excluded.connected_clients;WITH verdict AS (SELECT * FROM product_verdict),
    body AS (
        SELECT id, siren, kind, population, strata, no_online_demarche_since
        FROM collectivite WHERE id = ANY(bodies) AND closed_on IS NULL
    ),
    live AS (
        SELECT collectivite_id, product_id, demarche,
               bool_or(service = ANY(accepted)) AS connected,
               bool_or(service IN ('API_PARTICULIER', 'API_IMPOT_PARTICULIER')) AS prefilled
        FROM activation
        WHERE state = 'IN_PRODUCTION' AND effective_on <= day AND (effective_until IS NULL OR effective_until > day) AND collectivite_id = ANY(bodies)
        GROUP BY collectivite_id, product_id, demarche
    ),
    concerned AS (
        SELECT product_id, vendor_id, vendor.siren, qualified, evidenced, declared_on,
               CASE verdict WHEN 'READY' THEN 1 WHEN 'COST_UNKNOWN' THEN 2
                            WHEN 'SURCHARGE' THEN 3 ELSE 4 END AS rank
        FROM verdict JOIN vendor ON vendor.id = vendor_id
        WHERE verdict <> 'NOT_CONCERNED'
    ),
    in_house AS (
        SELECT body.id AS collectivite_id, product_id
        FROM body JOIN concerned USING (siren) WHERE qualified
    ),
    link AS (
        SELECT collectivite_id, product_id, demarche FROM deployment
        WHERE since <= day AND (until IS NULL OR until > day) AND collectivite_id = ANY(bodies) AND (confirmed_by IS NOT NULL OR declared_by = 'MINISTRY')
    ),
    usage AS (
        SELECT collectivite_id, product_id, concerned.vendor_id, demarche,
               concerned.evidenced, concerned.declared_on,
               coalesce(live.prefilled, false) AS prefilled,
               CASE WHEN live.connected THEN 0
                    WHEN in_house.product_id IS NOT NULL THEN 1
                    ELSE concerned.rank END AS rank,
               concerned.rank = 1 OR in_house.product_id IS NOT NULL AS ready
        FROM link
        JOIN concerned USING (product_id)
        LEFT JOIN in_house USING (collectivite_id, product_id)
        LEFT JOIN live USING (collectivite_id, product_id, demarche)
    ),
    best AS (
        SELECT collectivite_id, min(rank) AS rank, bool_or(prefilled) AS prefilled,
               coalesce(bool_or(evidenced) FILTER (WHERE ready), false) AS evidenced,
               bool_or(declared_on IS NOT NULL) AS declared,
               array_agg(DISTINCT product_id) AS products,
               array_agg(DISTINCT vendor_id) AS vendors,
               array_agg(DISTINCT product_id) FILTER (WHERE rank = 0) AS connected_products,
               array_agg(DISTINCT vendor_id) FILTER (WHERE rank = 0) AS connected_vendors
        FROM usage GROUP BY collectivite_id
    ),
    state AS (
        SELECT body.*, coalesce(best.rank, 5) AS rank,
               coalesce(best.prefilled, false) AS prefilled,
               coalesce(best.evidenced, false) AS evidenced,
               coalesce(best.declared, false) AS declared,
               coalesce(body.no_online_demarche_since <= day, false) AS offline,
               coalesce(best.products, '{}') AS products,
               coalesce(best.vendors, '{}') AS vendors,
               coalesce(best.connected_products, '{}') AS connected_products,
               coalesce(best.connected_vendors, '{}') AS connected_vendors
        FROM body LEFT JOIN best ON best.collectivite_id = body.id
    )
    , 
    fresh AS (SELECT CAST(CAST('CONFIRMED' AS text) AS text) AS basis, id AS collectivite_id, kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors, connected_products, connected_vendors FROM state),
    stored AS (
        SELECT basis, collectivite_id, kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors, connected_products, connected_vendors FROM readiness
        WHERE basis = CAST('CONFIRMED' AS text) AND collectivite_id = ANY(bodies)
    ),
    after AS (TABLE fresh EXCEPT TABLE stored),
    before AS (TABLE stored EXCEPT TABLE fresh),
    put AS (
        INSERT INTO readiness (basis, collectivite_id, kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors, connected_products, connected_vendors) TABLE after
        ON CONFLICT (basis, collectivite_id) DO UPDATE SET kind = excluded.kind, population = excluded.population, strata = excluded.strata, rank = excluded.rank, prefilled = excluded.prefilled, evidenced = excluded.evidenced, declared = excluded.declared, offline = excluded.offline, products = excluded.products, vendors = excluded.vendors, connected_products = excluded.connected_products, connected_vendors = excluded.connected_vendors
    ),
    gone AS (
        DELETE FROM readiness
        WHERE basis = CAST('CONFIRMED' AS text) AND collectivite_id IN (
            SELECT collectivite_id FROM before EXCEPT SELECT collectivite_id FROM after
        )
    ),
    moved AS (
        SELECT 1 AS sign, after.* FROM after WHERE strata <> '{}'
        UNION ALL SELECT -1, before.* FROM before WHERE strata <> '{}'
    ),
    counts AS (
        INSERT INTO coverage_count AS kept (basis, strata, total, connected, connected_with_prefill, ready, ready_unverified, cost_unknown, blocked_by_surcharge, blocked_by_software, blocked_undeclared, no_known_software, no_online_demarche)
        SELECT CAST('CONFIRMED' AS text), total.* FROM (
        SELECT strata, sum(sign) AS total,
               coalesce(sum(sign) FILTER (WHERE rank = 0), 0) AS connected,
               coalesce(sum(sign) FILTER (WHERE rank = 0 AND prefilled), 0) AS connected_with_prefill,
               coalesce(sum(sign) FILTER (WHERE rank = 1), 0) AS ready,
               coalesce(sum(sign) FILTER (WHERE rank = 1 AND NOT evidenced), 0) AS ready_unverified,
               coalesce(sum(sign) FILTER (WHERE rank = 2), 0) AS cost_unknown,
               coalesce(sum(sign) FILTER (WHERE rank = 3), 0) AS blocked_by_surcharge,
               coalesce(sum(sign) FILTER (WHERE rank = 4), 0) AS blocked_by_software,
               coalesce(sum(sign) FILTER (WHERE rank = 4 AND NOT declared), 0) AS blocked_undeclared,
               coalesce(sum(sign) FILTER (WHERE rank = 5), 0) AS no_known_software,
               coalesce(sum(sign) FILTER (WHERE rank = 5 AND offline), 0) AS no_online_demarche
        FROM moved GROUP BY strata
    ) AS total
        ON CONFLICT (basis, strata) DO UPDATE SET total = kept.total + excluded.total, connected = kept.connected + excluded.connected, connected_with_prefill = kept.connected_with_prefill + excluded.connected_with_prefill, ready = kept.ready + excluded.ready, ready_unverified = kept.ready_unverified + excluded.ready_unverified, cost_unknown = kept.cost_unknown + excluded.cost_unknown, blocked_by_surcharge = kept.blocked_by_surcharge + excluded.blocked_by_surcharge, blocked_by_software = kept.blocked_by_software + excluded.blocked_by_software, blocked_undeclared = kept.blocked_undeclared + excluded.blocked_undeclared, no_known_software = kept.no_known_software + excluded.no_known_software, no_online_demarche = kept.no_online_demarche + excluded.no_online_demarche
    ),
    product_counts AS (
        INSERT INTO blocker_count AS kept (
            basis, grouping, subject_id, strata, blocked, blocked_alone, inhabitants, population,
            connected_clients
        )
        SELECT CAST('CONFIRMED' AS text), 'PRODUCT', tally.* FROM (
        SELECT subject_id, strata,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4)), 0) AS blocked,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4) AND cardinality(products) = 1), 0)
                   AS blocked_alone,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4) AND kind = 'COMMUNE'), 0)
                   AS inhabitants,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4)), 0) AS population,
               coalesce(sum(sign) FILTER (WHERE subject_id = ANY(connected_products)), 0)
                   AS connected_clients
        FROM moved CROSS JOIN LATERAL unnest(products) AS subject_id
        WHERE rank IN (3, 4) OR subject_id = ANY(connected_products)
        GROUP BY subject_id, strata
    ) AS tally
        ON CONFLICT (basis, grouping, subject_id, strata) DO UPDATE SET blocked = kept.blocked + excluded.blocked, blocked_alone = kept.blocked_alone + excluded.blocked_alone, inhabitants = kept.inhabitants + excluded.inhabitants, population = kept.population + excluded.population, connected_clients = kept.connected_clients + excluded.connected_clients
    )
    
        INSERT INTO blocker_count AS kept (
            basis, grouping, subject_id, strata, blocked, blocked_alone, inhabitants, population,
            connected_clients
        )
        SELECT CAST('CONFIRMED' AS text), 'VENDOR', tally.* FROM (
        SELECT subject_id, strata,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4)), 0) AS blocked,
               coalesce(sum(sign) FILTER (WHERE rank IN (3, 4) AND cardinality(vendors) = 1), 0)
                   AS blocked_alone,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4) AND kind = 'COMMUNE'), 0)
                   AS inhabitants,
               coalesce(sum(sign * population) FILTER (WHERE rank IN (3, 4)), 0) AS population,
               coalesce(sum(sign) FILTER (WHERE subject_id = ANY(connected_vendors)), 0)
                   AS connected_clients
        FROM moved CROSS JOIN LATERAL unnest(vendors) AS subject_id
        WHERE rank IN (3, 4) OR subject_id = ANY(connected_vendors)
        GROUP BY subject_id, strata
    ) AS tally
        ON CONFLICT (basis, grouping, subject_id, strata) DO UPDATE SET blocked = kept.blocked + excluded.blocked, blocked_alone = kept.blocked_alone + excluded.blocked_alone, inhabitants = kept.inhabitants + excluded.inhabitants, population = kept.population + excluded.population, connected_clients = kept.connected_clients + excluded.connected_clients;
    END IF;
    UPDATE derivation SET as_of = day WHERE as_of <> day;
END
$body$
