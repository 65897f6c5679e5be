"""integrations.csv: the steps of each product and service."""

from registry.domain import transitions
from registry.exchange.bundle.histories import History, record_history
from registry.exchange.bundle.references import (
    PRODUCT,
    refuse_unknown_product,
)
from registry.exchange.bundle.staging import Stage, plain

HISTORY = History(
    "integration",
    transitions.INTEGRATION,
    ("product_id", "service"),
    plain("target_date", "evidence_url", "min_version", "declared_by")
    | {
        "feeds": ("feeds", "coalesce(good.feeds, '{}')"),
        "evidence_level": ("evidence_level", "good.evidence_level"),
    },
)


async def record(stage: Stage) -> None:
    await stage.resolve("product_key.product_id, CAST(NULL AS bigint) AS existing_id", PRODUCT)
    await stage.report(
        "target_date",
        """
        SELECT line, NULL, 'date cible obligatoire pour un état PLANNED' FROM good
        WHERE NOT faulty AND state = 'PLANNED' AND target_date IS NULL
        """,
    )
    await stage.report(
        "feeds",
        """
        SELECT line, array_to_string(feeds, '|'), 'seule une API de données en fournit'
        FROM good
        WHERE feeds <> '{}' AND service LIKE 'FRANCECONNECT%'
        """,
    )
    await stage.report(
        "feeds",
        """
        SELECT line, array_to_string(feeds, '|'), 'AVIS_IMPOSITION vient d’API_IMPOT_PARTICULIER, '
               || 'les autres données d’API_PARTICULIER'
        FROM good
        WHERE (service = 'API_PARTICULIER' AND 'AVIS_IMPOSITION' = ANY(feeds))
           OR (service = 'API_IMPOT_PARTICULIER' AND NOT feeds <@ '{AVIS_IMPOSITION}')
        """,
    )
    await refuse_unknown_product(stage)
    await record_history(stage, HISTORY)
