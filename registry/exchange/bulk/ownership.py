"""What a file may speak of: known bodies, and what its sender may declare."""

from models import Source
from registry.domain.actor import Actor
from registry.exchange.bundle.staging import Stage

NOT_THEIRS = {
    Source.VENDOR: "target.vendor_id <> ALL(CAST('{vendors}' AS bigint[]))",
    Source.OPERATOR: """
        (target.vendor_id = ANY(CAST('{vendors}' AS bigint[])) OR NOT EXISTS (
            SELECT FROM deployment
            WHERE deployment.collectivite_id = good.collectivite_id
              AND deployment.product_id = good.product_id
              AND deployment.demarche = good.demarche
              AND deployment.operator = ANY(CAST('{sirens}' AS text[]))
              AND (deployment.declared_by IN ('COLLECTIVITE', 'MINISTRY')
                   OR deployment.confirmed_by IN ('COLLECTIVITE', 'MINISTRY'))))
    """,
    Source.MINISTRY: "false",
}
WHOSE = {
    Source.VENDOR: "ce logiciel n’est pas à votre organisation",
    Source.OPERATOR: "votre organisation n’est pas l’opérateur reconnu de cet usage",
    Source.MINISTRY: "",
}


async def refuse_unknown_keys(
    stage: Stage, source: Source, actor: Actor, repeated: str = "false"
) -> None:
    """``repeated``: the lines that name as their author the one whom the registry names."""
    await stage.report(
        "collectivite",
        "SELECT line, collectivite, 'collectivité inconnue du registre' FROM good"
        " WHERE collectivite_id IS NULL",
    )
    await stage.report(
        "product",
        "SELECT line, vendor_siren || '/' || product, 'logiciel inconnu du registre' FROM good"
        " WHERE product_id IS NULL",
    )
    identity = actor.identity
    condition = NOT_THEIRS[source].format(
        vendors=identity["raccord.vendors"], sirens=identity["raccord.sirens"]
    )
    await stage.report(
        "product",
        f"""
        SELECT line, vendor_siren || '/' || good.product, '{WHOSE[source]}'
        FROM good JOIN product AS target ON target.id = good.product_id
        WHERE {condition}
        """,
    )
    await stage.report(
        "declared_by",
        f"""
        SELECT line, declared_by, 'ce n’est pas ce que dit le registre : laissez cette cellule '
               || 'vide, ou écrivez {source}'
        FROM good WHERE declared_by <> '{source}' AND NOT {repeated}
        """,
    )
