"""activations.csv as a vendor, an operator or the ministry sends it."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from registry.exchange.bulk.deployments import Given
from registry.exchange.bulk.ownership import refuse_unknown_keys
from registry.exchange.bundle.activations import HISTORY
from registry.exchange.bundle.histories import record_history
from registry.exchange.bundle.references import COLLECTIVITE, PRODUCT
from registry.exchange.bundle.staging import Stage

STEPS = sa.text("SELECT count(*) FROM written WHERE noun = 'activation' AND created")
RIGHT = sa.text("SELECT count(*) FROM good WHERE NOT faulty")


async def record(stage: Stage, given: Given) -> dict[str, Any]:
    """Steps that are recorded already are passed over, whoever said them."""
    await stage.resolve(
        "collectivite_code.collectivite_id, product_key.product_id,"
        " CAST(NULL AS bigint) AS existing_id",
        f"{COLLECTIVITE} {PRODUCT}",
    )
    await refuse_unknown_keys(stage, given.source, stage.actor)
    await stage.report(
        "demarche",
        """
        SELECT line, demarche, 'cette collectivité n’utilise pas ce logiciel pour cette démarche'
        FROM good
        WHERE collectivite_id IS NOT NULL AND product_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM deployment
            WHERE deployment.collectivite_id = good.collectivite_id
              AND deployment.product_id = good.product_id
              AND deployment.demarche = good.demarche)
        """,
    )
    # The author of a recorded step stays: that column is the file's for new steps alone.
    said = {name: held for name, held in stage.present.items() if name != "declared_by"}
    await record_history(replace(stage, present=said), HISTORY)
    created = await stage.session.scalar(STEPS) or 0
    right = await stage.session.scalar(RIGHT) or 0
    return {"created": created, "unchanged": right - created}
