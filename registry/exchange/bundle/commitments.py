"""commitments.csv: the steps of a vendor’s word, for all its products or for one."""

from registry.domain import transitions
from registry.exchange.bundle.histories import History, record_history
from registry.exchange.bundle.references import (
    PRODUCT,
    refuse_unknown_product,
    refuse_unknown_vendor,
)
from registry.exchange.bundle.staging import Stage, plain

END_THAT_A_STEP_NEEDS = """
    SELECT good.line, step.valid_until,
           'l’étape enregistrée qui suit (' || next.state || ', le ' || next.effective_on
           || ') suppose que cet engagement ait pris fin avant elle'
    FROM good JOIN commitment AS step ON step.id = good.existing_id
    JOIN arrow ON arrow.noun = 'commitment' AND arrow.state = step.state
    CROSS JOIN LATERAL (
        SELECT later.state, later.effective_on FROM commitment AS later
        WHERE later.vendor_id = step.vendor_id
          AND later.product_id IS NOT DISTINCT FROM step.product_id
          AND (later.effective_on, later.id) > (step.effective_on, step.id)
        ORDER BY later.effective_on, later.id LIMIT 1) AS next
    WHERE NOT good.faulty AND NOT next.state = ANY(arrow.following)
      AND (step.valid_until < next.effective_on) IS NOT TRUE
"""
"""An arrow that started from the state as read must still start from it after an update."""

HISTORY = History(
    "commitment",
    transitions.COMMITMENT,
    ("vendor_id", "product_id"),
    plain(
        "charter_version",
        "signatory",
        "signatory_capacity",
        "exclusions",
        "valid_until",
        "evidence_url",
        "declared_by",
    ),
    vendor_wide=True,
    updated=(("valid_until", END_THAT_A_STEP_NEEDS),),
)


async def record(stage: Stage) -> None:
    await stage.resolve(
        "coalesce(product.vendor_id, vendor.vendor_id) AS vendor_id, product.id AS product_id,"
        " CAST(NULL AS bigint) AS existing_id",
        f"""
        LEFT JOIN vendor_key AS vendor ON vendor.siren = staged.vendor_siren
        {PRODUCT} LEFT JOIN product ON product.id = product_key.product_id
        """,
    )
    await refuse_unknown_product(stage, "product IS NOT NULL")
    await refuse_unknown_vendor(stage, "NOT faulty")
    await record_history(stage, HISTORY)
