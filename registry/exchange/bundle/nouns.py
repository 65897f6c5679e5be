"""What each file but the histories must obey, and how it is written."""

from registry.exchange.bundle.staging import Stage, plain, run
from registry.exchange.tables import BUNDLED_KINDS

PRODUCT = """
LEFT JOIN product_key ON product_key.vendor_siren = staged.vendor_siren
                     AND product_key.slug = staged.product
"""
COLLECTIVITE = """
LEFT JOIN collectivite_code
       ON collectivite_code.code = CASE WHEN length(staged.collectivite) = 14
                                        THEN left(staged.collectivite, 9)
                                        ELSE staged.collectivite END
"""


async def vendors(stage: Stage) -> None:
    await stage.resolve(
        "existing.id AS existing_id, NULL AS parent_id",
        "LEFT JOIN vendor AS existing ON existing.siren = staged.siren",
    )
    await stage.refuse_repeated("siren", "siren", "siren")
    await stage.report(
        "parent_siren",
        """
        SELECT line, parent_siren, 'un éditeur n’est pas sa propre maison mère' FROM good
        WHERE parent_siren = siren
        """,
    )
    await stage.report(
        "parent_siren",
        """
        SELECT line, parent_siren, 'éditeur inconnu du registre et de vendors.csv' FROM good
        WHERE parent_siren IS NOT NULL
          AND NOT EXISTS (SELECT FROM vendor WHERE siren = parent_siren)
          AND NOT EXISTS (SELECT FROM stage_vendors AS other WHERE other.siren = good.parent_siren)
        """,
    )
    cells = plain("name", "website", "contact") | {"search": ("name", "good.searched")}
    await stage.update("vendor", cells)
    await stage.insert("vendor", {"siren": "good.siren"}, cells)
    if "parent_siren" in stage.present:
        await _parents(stage)


async def _parents(stage: Stage) -> None:
    """Once every vendor of the file is recorded, whatever the order of its lines."""
    await run(
        stage.session,
        """
        WITH changed AS (
            UPDATE vendor AS target SET parent_id = parent.id
            FROM good LEFT JOIN vendor AS parent ON parent.siren = good.parent_siren
            WHERE target.siren = good.siren AND NOT good.faulty
              AND target.parent_id IS DISTINCT FROM parent.id
            RETURNING target.id
        )
        INSERT INTO written SELECT 'vendor', id, false FROM changed
        """,
    )


async def collectivites(stage: Stage) -> None:
    await stage.resolve(
        "existing.id AS existing_id, existing.kind AS existing_kind,"
        " former.collectivite_id AS former_id",
        "LEFT JOIN collectivite AS existing"
        " ON existing.siren = staged.siren AND existing.closed_on IS NULL"
        " LEFT JOIN collectivite_former_code AS former ON former.former_code = staged.siren",
    )
    await stage.refuse_repeated("siren", "siren", "siren")
    bundled = ", ".join(f"'{kind}'" for kind in BUNDLED_KINDS)
    await stage.report(
        "siren",
        f"""
        SELECT line, siren, 'cette collectivité vient du référentiel : retirez la ligne' FROM good
        WHERE (existing_kind NOT IN ({bundled}) OR former_id IS NOT NULL)
        """,
    )
    await stage.report(
        "departements",
        """
        SELECT line, array_to_string(departements, '|'), 'code de département inconnu (COG)'
        FROM good
        WHERE NOT departements <@ (
            SELECT coalesce(array_agg(code), '{}') FROM territory WHERE kind = 'DEPARTEMENT')
        """,
    )
    cells = plain("name", "kind") | {
        "departements": ("departements", "coalesce(good.departements, '{}')"),
        "regions": (
            "departements",
            "ARRAY(SELECT DISTINCT region FROM territory WHERE kind = 'DEPARTEMENT'"
            " AND code = ANY(good.departements) ORDER BY region)",
        ),
        "search": ("name", "good.searched"),
    }
    await stage.update("collectivite", cells)
    await stage.insert("collectivite", {"siren": "good.siren"}, cells)


async def products(stage: Stage) -> None:
    await stage.resolve(
        "vendor.id AS vendor_id, existing.id AS existing_id,"
        " translate(coalesce(existing.slug, staged.slug), '._-', '   ') AS searched_slug",
        "LEFT JOIN vendor ON vendor.siren = staged.vendor_siren"
        " LEFT JOIN product_key ON product_key.vendor_siren = staged.vendor_siren"
        " AND product_key.slug = staged.slug"
        " LEFT JOIN product AS existing ON existing.id = product_key.product_id",
    )
    await stage.refuse_repeated(
        "slug",
        "coalesce(CAST(existing_id AS text), vendor_siren || '/' || slug)",
        "vendor_siren || '/' || slug",
    )
    await refuse_unknown_vendor(stage)
    await stage.report(
        "demarches",
        """
        SELECT line, array_to_string(demarches, '|'),
               'démarche utilisée par des déploiements enregistrés : ' || string_agg(used, ', ')
        FROM good CROSS JOIN LATERAL (
            SELECT DISTINCT demarche AS used FROM deployment
            WHERE product_id = existing_id AND NOT demarche = ANY(demarches)) AS missing
        GROUP BY line, demarches
        """,
    )
    cells = plain("name", "delivery_model", "citizen_login", "demarches") | {
        "search": ("name", "btrim(good.searched || ' ' || good.searched_slug)"),
    }
    keys = {"vendor_id": "good.vendor_id", "slug": "good.slug"}
    await stage.update("product", cells)
    await stage.insert("product", keys, cells)
    if "former_keys" in stage.present:
        await _former_keys(stage)


async def _former_keys(stage: Stage) -> None:
    """The cell is the whole list: what it no longer holds is forgotten."""
    await run(stage.session, "DROP TABLE IF EXISTS former")
    await run(
        stage.session,
        """
        CREATE TEMP TABLE former ON COMMIT DROP AS
        SELECT good.line, former_key, split_part(former_key, '/', 1) AS vendor_siren,
               split_part(former_key, '/', 2) AS slug, product_key.product_id
        FROM good JOIN product_key USING (vendor_siren, slug)
        CROSS JOIN LATERAL unnest(good.former_keys) AS former_key
        WHERE NOT good.faulty
        """,
    )
    await stage.report(
        "former_keys",
        """
        SELECT line, former_key, 'clé d’un autre logiciel' FROM former
        WHERE EXISTS (SELECT FROM product JOIN vendor ON vendor.id = product.vendor_id
                      WHERE vendor.siren = former.vendor_siren AND product.slug = former.slug)
           OR EXISTS (SELECT FROM former AS other WHERE other.former_key = former.former_key
                      AND other.product_id <> former.product_id)
           OR EXISTS (SELECT FROM product_former_key AS other
                      WHERE other.vendor_siren = former.vendor_siren AND other.slug = former.slug
                        AND other.product_id <> former.product_id)
        """,
    )
    forgotten = """
        FROM product_former_key AS known
        WHERE product_id IN (
            SELECT product_id FROM good JOIN product_key USING (vendor_siren, slug)
            WHERE NOT good.faulty)
          AND NOT EXISTS (SELECT FROM former WHERE former.vendor_siren = known.vendor_siren
                          AND former.slug = known.slug)
    """
    await run(stage.session, f"INSERT INTO removed SELECT 'product_former_key', id {forgotten}")
    await run(
        stage.session,
        """
        WITH created AS (
            INSERT INTO product_former_key (vendor_siren, slug, product_id)
            SELECT vendor_siren, slug, product_id FROM former
            WHERE line IN (SELECT line FROM good WHERE NOT faulty)
            ON CONFLICT DO NOTHING RETURNING id
        )
        INSERT INTO written SELECT 'product_former_key', id, true FROM created
        """,
    )


async def deployments(stage: Stage) -> None:
    await stage.resolve(
        "collectivite_code.collectivite_id, product_key.product_id, existing.id AS existing_id,"
        " existing.until AS existing_until, existing.declared_by AS existing_declared_by,"
        " existing.confirmed_by AS existing_confirmed_by",
        f"""
        {COLLECTIVITE} {PRODUCT}
        LEFT JOIN deployment AS existing
               ON existing.collectivite_id = collectivite_code.collectivite_id
              AND existing.product_id = product_key.product_id
              AND existing.demarche = staged.demarche AND existing.since = staged.since
        """,
    )
    await refuse_unknown_collectivite(stage)
    await refuse_unknown_product(stage)
    await stage.report(
        "demarche",
        """
        SELECT line, demarche, 'le logiciel ne couvre pas cette démarche ; il couvre : '
               || array_to_string(demarches, ', ')
        FROM good JOIN product ON product.id = good.product_id
        WHERE NOT demarche = ANY(demarches)
        """,
    )
    await stage.refuse_repeated(
        "since",
        "collectivite_id, product_id, demarche, since",
        "since",
        "collectivite_id IS NOT NULL AND product_id IS NOT NULL AND since IS NOT NULL",
    )
    until = "until" if "until" in stage.present else "existing_until"
    await stage.report(
        "until",
        f"""
        SELECT line, {until}, 'fin antérieure au début (' || since || ')' FROM good
        WHERE {until} < since
        """,
    )
    await _refuse_confirmation(stage)
    await _refuse_overlap(stage, until)
    cells = plain("until", "operator", "declared_by", "confirmed_by")
    keys = {key: f"good.{key}" for key in ("collectivite_id", "product_id", "demarche", "since")}
    # At most one period of a use is open: one closes before another opens, and may not open at all
    # where the line that closes the first was set aside.
    if not stage.faults.found:
        await stage.update("deployment", cells, "good.existing_until IS NULL")
        await stage.update("deployment", cells, "good.existing_until IS NOT NULL")
    await stage.insert("deployment", keys, cells)


async def _refuse_confirmation(stage: Stage) -> None:
    """What one side said is confirmed by the other or by the ministry."""
    default = "coalesce(existing_declared_by, 'VENDOR')"
    declared = "declared_by" if "declared_by" in stage.present else default
    confirmed = "confirmed_by" if "confirmed_by" in stage.present else "existing_confirmed_by"
    await stage.report(
        "confirmed_by",
        f"""
        SELECT line, {confirmed},
               CASE WHEN {declared} = 'MINISTRY' THEN 'ce que le ministère déclare n’a pas à être '
                    || 'confirmé : laissez la cellule vide'
                    ELSE 'confirmé par celui qui l’a déclaré' END
        FROM good
        WHERE {confirmed} IS NOT NULL
          AND ({confirmed} = {declared} OR {declared} = 'MINISTRY')
        """,
    )


async def _refuse_overlap(stage: Stage, until: str) -> None:
    """Two periods of the same collectivité, product and démarche; an empty period meets none."""
    await stage.report(
        "since",
        f"""
        WITH period AS (
            SELECT line, collectivite_id, product_id, demarche, since,
                   coalesce({until}, 'infinity') AS until
            FROM good WHERE NOT faulty
            UNION ALL
            SELECT NULL, collectivite_id, product_id, demarche, since, coalesce(until, 'infinity')
            FROM deployment
            WHERE (collectivite_id, product_id, demarche) IN (
                      SELECT collectivite_id, product_id, demarche FROM good WHERE NOT faulty)
              AND NOT EXISTS (SELECT FROM good WHERE existing_id = deployment.id AND NOT faulty)
        ),
        crossed AS (
            SELECT DISTINCT collectivite_id, product_id, demarche
            FROM (SELECT *, max(until) OVER (
                      PARTITION BY collectivite_id, product_id, demarche ORDER BY since
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
                  FROM period WHERE since < until) AS ordered
            WHERE since < reached
        )
        SELECT late.line, late.since,
               'chevauche la période du ' || min(early.since) || CASE
                   WHEN min(early.line) IS NULL THEN ' déjà enregistrée'
                   ELSE ' (ligne ' || min(early.line) || ')' END
        FROM crossed
        JOIN period AS late USING (collectivite_id, product_id, demarche)
        JOIN period AS early USING (collectivite_id, product_id, demarche)
        WHERE late.since < late.until AND early.since < early.until
          AND late.since < early.until AND early.since < late.until
          AND late.line > coalesce(early.line, 0)
        GROUP BY late.line, late.since
        """,
    )


async def refuse_unknown_vendor(stage: Stage, where: str = "true") -> None:
    await stage.report(
        "vendor_siren",
        f"""
        SELECT line, vendor_siren, 'éditeur inconnu du registre et de vendors.csv' FROM good
        WHERE vendor_id IS NULL AND {where}
          AND NOT EXISTS (SELECT FROM stage_vendors WHERE siren = good.vendor_siren)
        """,
    )
    await stage.set_aside("vendor_id IS NULL")


async def refuse_unknown_product(stage: Stage, where: str = "true") -> None:
    await stage.report(
        "product",
        f"""
        SELECT line, vendor_siren || '/' || product,
               'logiciel inconnu du registre et de products.csv'
        FROM good
        WHERE product_id IS NULL AND {where}
          AND NOT EXISTS (SELECT FROM stage_products AS other
                          WHERE other.vendor_siren = good.vendor_siren
                            AND other.slug = good.product)
        """,
    )
    await stage.set_aside(f"product_id IS NULL AND {where}")


async def refuse_unknown_collectivite(stage: Stage) -> None:
    await stage.report(
        "collectivite",
        """
        SELECT line, collectivite, 'collectivité inconnue du référentiel et de collectivites.csv'
        FROM good
        WHERE collectivite_id IS NULL
          AND NOT EXISTS (SELECT FROM stage_collectivites WHERE siren = good.collectivite)
        """,
    )
    await stage.set_aside("collectivite_id IS NULL")
