"""vendors.csv: what it must obey, and how it is written."""

from registry.exchange.bundle.staging import Stage, plain, run


async def record(stage: Stage) -> None:
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
        await stage.report("parent_siren", OWN_ANCESTOR)


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


OWN_ANCESTOR = """
    WITH RECURSIVE line_of AS (
        SELECT vendor.siren, vendor.parent_id FROM vendor JOIN good USING (siren)
        UNION
        SELECT line_of.siren, vendor.parent_id
        FROM line_of JOIN vendor ON vendor.id = line_of.parent_id
    )
    SELECT good.line, good.parent_siren, 'cet éditeur serait sa propre maison mère'
    FROM good JOIN line_of USING (siren) JOIN vendor AS self USING (siren)
    WHERE line_of.parent_id = self.id AND good.parent_siren <> good.siren
"""
