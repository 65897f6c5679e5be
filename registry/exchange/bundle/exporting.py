"""The registry into a bundle, through COPY: memory does not grow with it."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.actor import Actor
from registry.domain.policy import Action, authorise
from registry.exchange.bundle.cells import RUN_BY_SPREADSHEETS
from registry.exchange.bundle.reading import Progress
from registry.exchange.tables import BUNDLED_KINDS, TABLES, Kind, Table

PRODUCT = """
    JOIN product ON product.id = product_id JOIN vendor ON vendor.id = product.vendor_id
"""
COLLECTIVITE = "JOIN collectivite ON collectivite.id = collectivite_id"

ROWS = {
    "collectivites": (
        f"""
        SELECT siren, name, kind, departements
        FROM collectivite WHERE kind IN ({", ".join(f"'{kind}'" for kind in BUNDLED_KINDS)})
        """,
        "siren",
    ),
    "vendors": (
        """
        SELECT vendor.siren, vendor.name, vendor.website, parent.siren AS parent_siren,
               vendor.contact
        FROM vendor LEFT JOIN vendor AS parent ON parent.id = vendor.parent_id
        WHERE vendor.merged_into_id IS NULL
        """,
        "siren",
    ),
    "products": (
        """
        SELECT vendor.siren AS vendor_siren, product.slug, product.name, product.delivery_model,
               product.citizen_login, product.demarches,
               ARRAY(SELECT former.vendor_siren || '/' || former.slug
                     FROM product_former_key AS former WHERE former.product_id = product.id
                     ORDER BY former.vendor_siren, former.slug) AS former_keys
        FROM product JOIN vendor ON vendor.id = product.vendor_id
        """,
        "vendor_siren, slug",
    ),
    "integrations": (
        f"""
        SELECT vendor.siren AS vendor_siren, product.slug AS product, step.service,
               step.effective_on, step.state, step.feeds, step.target_date, step.evidence_level,
               step.evidence_url, step.min_version, step.declared_by, step.id
        FROM integration AS step {PRODUCT}
        """,
        'vendor_siren, product, service COLLATE "C", effective_on, id',
    ),
    "commitments": (
        """
        SELECT vendor.siren AS vendor_siren, product.slug AS product, step.effective_on,
               step.state, step.charter_version, step.signatory, step.signatory_capacity,
               step.exclusions, step.valid_until, step.evidence_url, step.declared_by, step.id
        FROM commitment AS step JOIN vendor ON vendor.id = step.vendor_id
        LEFT JOIN product ON product.id = step.product_id
        WHERE vendor.merged_into_id IS NULL
        """,
        "vendor_siren, product NULLS FIRST, effective_on, id",
    ),
    "deployments": (
        f"""
        SELECT collectivite.code AS collectivite, vendor.siren AS vendor_siren,
               product.slug AS product, link.demarche, link.since, link.until, link.operator,
               link.declared_by, link.confirmed_by
        FROM deployment AS link {COLLECTIVITE} {PRODUCT}
        """,
        'collectivite, vendor_siren, product, demarche COLLATE "C", since',
    ),
    "activations": (
        f"""
        SELECT collectivite.code AS collectivite, vendor.siren AS vendor_siren,
               product.slug AS product, step.demarche, step.service, step.effective_on,
               step.state, step.declared_by, step.id
        FROM activation AS step {COLLECTIVITE} {PRODUCT}
        """,
        'collectivite, vendor_siren, product, demarche COLLATE "C", service COLLATE "C",'
        " effective_on, id",
    ),
}
"""For each file: its rows, and the order of its key."""


async def export_bundle(
    session: AsyncSession, actor: Actor, folder: Path, progress: Progress = lambda *_: None
) -> None:
    """Write the seven files; a file that stood there is replaced once the new one is whole."""
    authorise(actor, Action.EXPORT)
    folder.mkdir(parents=True, exist_ok=True)
    raw = await (await session.connection()).get_raw_connection()
    for done, table in enumerate(TABLES):
        progress(table.file, done, len(TABLES))
        target = folder / table.file
        part = target.with_suffix(".part")
        await raw.driver_connection.copy_from_query(  # type: ignore[union-attr]
            _query(table), output=part, format="csv", header=True
        )
        part.replace(target)
    progress(TABLES[-1].file, len(TABLES), len(TABLES))


def _query(table: Table) -> str:
    rows, order = ROWS[table.name]
    columns = ", ".join(f"{_cell(c.name, c.kind)} AS {c.name}" for c in table)
    return f"SELECT {columns} FROM (SELECT * FROM ({rows}) AS row ORDER BY {order}) AS row"


def _cell(column: str, kind: Kind) -> str:
    """``cells.neutralise`` in SQL; nothing is empty text."""
    if kind in (Kind.TEXT, Kind.LINK, Kind.CONTACT):
        run = RUN_BY_SPREADSHEETS.pattern.replace("'", "''")
        return f"regexp_replace({column}, '{run}', '''\\&', 'g')"
    if kind in (Kind.WORDS, Kind.TERRITORIES, Kind.PRODUCT_KEYS):
        return f"nullif(array_to_string({column}, '|'), '')"
    if kind is Kind.BOOLEAN:
        return f"CASE WHEN {column} THEN 'true' ELSE 'false' END"
    return column
