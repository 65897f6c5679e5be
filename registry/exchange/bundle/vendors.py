"""vendors.csv: what it must obey, and how it is written."""

from registry.exchange.bundle.staging import Stage, plain, run


async def record(stage: Stage) -> None:
    await stage.resolve(
        "existing.id AS existing_id, existing.siren AS existing_siren",
        "LEFT JOIN vendor_key ON vendor_key.siren = staged.siren"
        " LEFT JOIN vendor AS existing ON existing.id = vendor_key.vendor_id",
    )
    await stage.refuse_repeated("siren", "coalesce(existing_siren, siren)", "siren")
    await stage.report(
        "parent_siren",
        """
        SELECT line, parent_siren, 'un éditeur n’est pas sa propre maison mère'
        FROM good
        LEFT JOIN vendor_key AS parent ON parent.siren = parent_siren
        WHERE parent_siren = good.siren OR parent.vendor_id = existing_id
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
    cells = plain("name", "website", "contact") | {
        "search": ("name", "left(good.searched, -9) || coalesce(existing_siren, good.siren)"),
    }
    await stage.update("vendor", cells)
    await stage.insert("vendor", {"siren": "good.siren"}, cells)
    if "parent_siren" in stage.present:
        await _parents(stage)
        await stage.report("parent_siren", OWN_ANCESTOR)


async def _parents(stage: Stage) -> None:
    """Once every vendor of the file is recorded, whatever the order of its lines."""
    await run(
        stage.session,
        f"""
        WITH changed AS (
            UPDATE vendor AS target SET parent_id = parent.vendor_id
            FROM good JOIN vendor_key AS own USING (siren)
            LEFT JOIN vendor_key AS parent ON parent.siren = good.parent_siren
            WHERE target.id = own.vendor_id AND NOT good.faulty
              AND good.held >= {stage.present["parent_siren"]}
              AND target.parent_id IS DISTINCT FROM parent.vendor_id
            RETURNING target.id
        )
        INSERT INTO written SELECT 'vendor', id, false FROM changed
        """,
    )


OWN_ANCESTOR = """
    WITH RECURSIVE line_of AS (
        SELECT vendor.id AS origin, vendor.parent_id
        FROM good JOIN vendor_key USING (siren) JOIN vendor ON vendor.id = vendor_id
        UNION
        SELECT line_of.origin, vendor.parent_id
        FROM line_of JOIN vendor ON vendor.id = line_of.parent_id
    )
    SELECT good.line, good.parent_siren, 'cet éditeur serait sa propre maison mère'
    FROM good JOIN vendor_key USING (siren) JOIN line_of ON line_of.origin = vendor_id
    WHERE line_of.parent_id = line_of.origin AND good.parent_siren <> good.siren
"""
