"""What a key of a file designates, and the refusal of what it does not."""

from registry.domain.postal_codes import EXPLAINED
from registry.exchange.bundle.staging import Stage

PRODUCT = """
LEFT JOIN product_key ON product_key.vendor_siren = staged.vendor_siren
                     AND product_key.slug = staged.product
"""
COLLECTIVITE = """
LEFT JOIN collectivite_code
       ON collectivite_code.code = CASE WHEN length(staged.collectivite) = 14
                                        THEN left(staged.collectivite, 9)
                                        ELSE staged.collectivite END
"""


async def refuse_unknown_vendor(stage: Stage, where: str = "true") -> None:
    await stage.report(
        "vendor_siren",
        f"""
        SELECT line, vendor_siren, 'éditeur inconnu du registre et de vendors.csv' FROM good
        WHERE vendor_id IS NULL AND {where}
          AND NOT EXISTS (SELECT FROM stage_vendors WHERE siren = good.vendor_siren)
        """,
    )
    await stage.set_aside("vendor_id IS NULL")


async def refuse_unknown_product(stage: Stage, where: str = "true") -> None:
    await stage.report(
        "product",
        f"""
        SELECT line, vendor_siren || '/' || product,
               'logiciel inconnu du registre et de products.csv'
        FROM good
        WHERE product_id IS NULL AND {where}
          AND NOT EXISTS (SELECT FROM stage_products AS other
                          WHERE other.vendor_siren = good.vendor_siren
                            AND other.slug = good.product)
        """,
    )
    await stage.set_aside(f"product_id IS NULL AND {where}")


async def refuse_unknown_collectivite(stage: Stage) -> None:
    await stage.report(
        "collectivite",
        f"""
        SELECT line, collectivite,
               coalesce({EXPLAINED.format(code="good.collectivite")},
                        'collectivité inconnue du référentiel et de collectivites.csv')
        FROM good
        WHERE collectivite_id IS NULL
          AND NOT EXISTS (SELECT FROM stage_collectivites WHERE siren = good.collectivite)
        """,
    )
    await stage.set_aside("collectivite_id IS NULL")
