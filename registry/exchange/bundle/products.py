"""products.csv, with the keys that the products had before."""

from registry.exchange.bundle.references import refuse_unknown_vendor
from registry.exchange.bundle.staging import Stage, plain, run
from registry.exchange.temporary import create_from


async def record(stage: Stage) -> None:
    await stage.resolve(
        "coalesce(existing.vendor_id, vendor.vendor_id) AS vendor_id, existing.id AS existing_id,"
        " translate(coalesce(existing.slug, staged.slug), '._-', '   ') AS searched_slug",
        "LEFT JOIN vendor_key AS vendor ON vendor.siren = staged.vendor_siren"
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
    await create_from(
        stage.session,
        "former",
        """
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
    forgotten = f"""
        FROM product_former_key AS known
        WHERE product_id IN (
            SELECT product_id FROM good JOIN product_key USING (vendor_siren, slug)
            WHERE NOT good.faulty AND good.held >= {stage.present["former_keys"]})
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
