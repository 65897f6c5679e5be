"""activations.csv: the steps of each service on each use of a product."""

from registry.domain import transitions
from registry.exchange.bundle.histories import History, record_history
from registry.exchange.bundle.references import (
    COLLECTIVITE,
    PRODUCT,
    refuse_unknown_collectivite,
    refuse_unknown_product,
)
from registry.exchange.bundle.staging import Stage, plain

GO_LIVE_WITHOUT_QUALIFICATION = """
    SELECT line, state, 'sans passer par IN_INTEGRATION, le logiciel doit être qualifié '
           || '(QUALIFIED) pour ce service à cette date'
    FROM fresh
    WHERE previous = 'HABILITATION_GRANTED' AND state = 'GO_LIVE_REQUESTED'
      AND NOT EXISTS (
          SELECT FROM integration
          WHERE integration.product_id = fresh.product_id
            AND integration.service = fresh.service AND integration.state = 'QUALIFIED'
            AND integration.effective_on <= fresh.effective_on
            AND (integration.effective_until IS NULL
                 OR integration.effective_until > fresh.effective_on))
"""

HISTORY = History(
    "activation",
    transitions.ACTIVATION,
    ("collectivite_id", "product_id", "demarche", "service"),
    plain("declared_by"),
    appended=(("state", GO_LIVE_WITHOUT_QUALIFICATION),),
)


async def record(stage: Stage) -> None:
    await stage.resolve(
        "collectivite_code.collectivite_id, product_key.product_id,"
        " CAST(NULL AS bigint) AS existing_id",
        f"{COLLECTIVITE} {PRODUCT}",
    )
    await refuse_unknown_collectivite(stage)
    await refuse_unknown_product(stage)
    await stage.report(
        "demarche",
        """
        SELECT line, demarche, 'aucun déploiement de ce logiciel dans cette collectivité pour '
               || 'cette démarche'
        FROM good
        WHERE collectivite_id IS NOT NULL AND product_id IS NOT NULL
          AND NOT EXISTS (
              SELECT FROM deployment
              WHERE deployment.collectivite_id = good.collectivite_id
                AND deployment.product_id = good.product_id
                AND deployment.demarche = good.demarche)
          AND NOT EXISTS (
              SELECT FROM stage_deployments AS other
              WHERE other.collectivite = good.collectivite
                AND other.vendor_siren = good.vendor_siren
                AND other.product = good.product AND other.demarche = good.demarche)
        """,
    )
    await record_history(stage, HISTORY)
