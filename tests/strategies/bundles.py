"""A registry as the rows of a bundle, in the columns of contract.md §2."""

from collections.abc import Iterable
from datetime import date

from tests.oracle import ActivationRow, CommitmentRow, DeploymentRow, IntegrationRow, World

Rows = list[dict[str, str]]

OUT_OF_THE_REFERENTIAL = frozenset({"REGION", "CCAS", "SYNDICAT", "OTHER"})


def cell(value: str | date | None) -> str:
    return "" if value is None else str(value)


def codes(values: Iterable[str]) -> str:
    return "|".join(sorted(values))


def bundle(world: World) -> dict[str, Rows]:
    """File name, without .csv, to its rows; communes, EPCI and départements are in none."""
    return {
        "collectivites": collectivite_rows(world),
        "vendors": [{"siren": siren, "name": f"Éditeur {siren}"} for siren in world.vendors],
        "products": product_rows(world),
        "integrations": [integration_row(row) for row in world.integrations],
        "commitments": [commitment_row(row) for row in world.commitments],
        "deployments": [deployment_row(row) for row in world.deployments],
        "activations": [activation_row(row) for row in world.activations],
    }


def collectivite_rows(world: World) -> Rows:
    return [
        {
            "siren": body.code,
            "name": f"Organisme {body.code}",
            "kind": body.kind,
            "departements": codes(body.departements),
        }
        for body in world.bodies
        if body.kind in OUT_OF_THE_REFERENTIAL
    ]


def product_rows(world: World) -> Rows:
    return [
        {
            "vendor_siren": product.vendor,
            "slug": product.slug,
            "name": f"Logiciel {product.slug}",
            "delivery_model": "SAAS",
            "citizen_login": "true" if product.citizen_login else "false",
            "demarches": codes(product.demarches),
        }
        for product in world.products
    ]


def integration_row(row: IntegrationRow) -> dict[str, str]:
    return {
        "vendor_siren": row.vendor,
        "product": row.product,
        "service": row.service,
        "effective_on": cell(row.effective_on),
        "state": row.state,
        "feeds": codes(row.feeds),
        "target_date": cell(row.target_date),
        "evidence_level": row.evidence_level,
        "declared_by": row.declared_by,
    }


def commitment_row(row: CommitmentRow) -> dict[str, str]:
    return {
        "vendor_siren": row.vendor,
        "product": cell(row.product),
        "effective_on": cell(row.effective_on),
        "state": row.state,
        "valid_until": cell(row.valid_until),
        "declared_by": row.declared_by,
    }


def deployment_row(row: DeploymentRow) -> dict[str, str]:
    return {
        "collectivite": row.collectivite,
        "vendor_siren": row.vendor,
        "product": row.product,
        "demarche": row.demarche,
        "since": cell(row.since),
        "until": cell(row.until),
        "declared_by": row.declared_by,
        "confirmed_by": cell(row.confirmed_by),
    }


def activation_row(row: ActivationRow) -> dict[str, str]:
    return {
        "collectivite": row.collectivite,
        "vendor_siren": row.vendor,
        "product": row.product,
        "demarche": row.demarche,
        "service": row.service,
        "effective_on": cell(row.effective_on),
        "state": row.state,
        "declared_by": row.declared_by,
    }
