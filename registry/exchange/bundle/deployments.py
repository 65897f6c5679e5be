"""deployments.csv: periods that are confirmed by another and never overlap."""

from registry.exchange.bundle.references import (
    COLLECTIVITE,
    PRODUCT,
    refuse_unknown_collectivite,
    refuse_unknown_product,
)
from registry.exchange.bundle.staging import Stage, plain


async def record(stage: Stage) -> None:
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
    until = stage.said("until", "existing_until")
    await stage.report(
        "until",
        f"""
        SELECT line, {until}, 'fin antérieure au début (' || since || ')' FROM good
        WHERE {until} < since
        """,
    )
    await _refuse_confirmation(stage)
    await refuse_overlap(stage, until)
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
    declared = stage.said("declared_by", default)
    confirmed = stage.said("confirmed_by", "existing_confirmed_by")
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


async def refuse_overlap(stage: Stage, until: str, decides: str = "NOT faulty") -> None:
    """Two periods of the same collectivité, product and démarche; an empty period meets none.

    ``decides``: the lines whose period is that of the file.
    """
    await stage.report(
        "since",
        f"""
        WITH period AS (
            SELECT line, collectivite_id, product_id, demarche, since,
                   coalesce({until}, 'infinity') AS until
            FROM good WHERE {decides}
            UNION ALL
            SELECT NULL, collectivite_id, product_id, demarche, since, coalesce(until, 'infinity')
            FROM deployment
            WHERE (collectivite_id, product_id, demarche) IN (
                      SELECT collectivite_id, product_id, demarche FROM good WHERE {decides})
              AND NOT EXISTS (SELECT FROM good WHERE existing_id = deployment.id AND {decides})
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
