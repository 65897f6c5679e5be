"""collectivites.csv: the bodies that the referential lacks."""

from registry.exchange.bundle.staging import Stage, plain
from registry.exchange.tables import BUNDLED_KINDS


async def record(stage: Stage) -> None:
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
