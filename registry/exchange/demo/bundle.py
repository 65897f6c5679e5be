import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Protocol

from registry.exchange.demo import activations, commitments, deployments, integrations
from registry.exchange.demo.bodies import Body, fictional_bodies, kind, real_bodies
from registry.exchange.demo.chance import stream
from registry.exchange.demo.market import Market
from registry.exchange.demo.products import Product, products
from registry.exchange.demo.vendors import Vendor, vendors
from registry.exchange.geography import Geography

DEFAULT_SEED = 20220307
_COLLECTIVITES = ("siren", "name", "kind", "departements")
_VENDORS = ("siren", "name", "website", "parent_siren", "contact")
_PRODUCTS = (
    *("vendor_siren", "slug", "name", "delivery_model", "citizen_login", "demarches"),
    "former_keys",
)

Row = Sequence[str]


class _Writer(Protocol):
    def writerows(self, rows: Iterable[Row], /) -> None: ...


def write_demo(
    folder: Path, geography: Geography, *, seed: int = DEFAULT_SEED, scale: int = 1
) -> None:
    """Writes a bundle (contract.md §2); the same arguments always give the same bytes.

    `scale` multiplies the deployments, 200,000 over the whole country, and leaves vendors,
    products and each collectivité's readiness as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # An overseas collectivité (COM) is its own région, with three digits: none is a market.
    departements = [d for d in geography.departements if len(d.region) == 2]
    regions = {departement.code: departement.region for departement in departements}
    invented = fictional_bodies(seed, departements)
    sellers = vendors(seed, tuple(dict.fromkeys(regions.values())), invented[0])
    catalogue = products(seed, sellers)
    plans = integrations.roadmaps(seed, catalogue)
    promises = commitments.histories(seed, sellers, catalogue)
    _write(folder, "collectivites", _COLLECTIVITES, map(_collectivite, invented))
    _write(folder, "vendors", _VENDORS, map(_vendor, sellers))
    _write(folder, "products", _PRODUCTS, map(_product, catalogue))
    _write(folder, "integrations", integrations.COLUMNS, integrations.rows(seed, catalogue, plans))
    _write(folder, "commitments", commitments.COLUMNS, commitments.rows(seed, promises))
    verdicts = commitments.verdicts(catalogue, plans, promises)
    shop = deployments.Shop(
        market=Market(seed, catalogue, regions),
        products=catalogue,
        verdicts=verdicts,
        in_house=_in_house(invented[0], catalogue),
        syndicats=_syndicats(invented),
    )
    rollout = activations.Rollout(seed, plans, verdicts)
    bodies = chain(real_bodies(geography), invented)
    _write_uses(folder, bodies, shop, rollout, seed=seed, scale=scale)


def _write_uses(
    folder: Path,
    bodies: Iterable[Body],
    shop: deployments.Shop,
    rollout: activations.Rollout,
    *,
    seed: int,
    scale: int,
) -> None:
    """Body by body: memory does not grow with the files."""
    choices, progress = stream(seed, "deployments"), stream(seed, "activations")
    with (
        _table(folder, "deployments", deployments.COLUMNS) as used,
        _table(folder, "activations", activations.COLUMNS) as activated,
    ):
        for body in bodies:
            uses = deployments.uses(choices, shop, body, scale)
            used.writerows(deployments.rows(body, uses))
            activated.writerows(activations.rows(progress, rollout, body, uses))


def _write(folder: Path, name: str, columns: Row, rows: Iterable[Row]) -> None:
    with _table(folder, name, columns) as table:
        table.writerows(rows)


@contextmanager
def _table(folder: Path, name: str, columns: Row) -> Iterator[_Writer]:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        yield writer


def _in_house(own: Body, catalogue: list[Product]) -> dict[str, list[Product]]:
    return {own.siren: [product for product in catalogue if product.vendor.siren == own.siren]}


def _syndicats(bodies: list[Body]) -> dict[str, str]:
    """Département → the syndicat that runs software for communes there."""
    return {
        code: body.siren
        for body in bodies
        if kind(body) == "SYNDICAT"
        for code in body.departements
    }


def _collectivite(body: Body) -> Row:
    return body.siren, body.name, kind(body), "|".join(body.departements)


def _vendor(vendor: Vendor) -> Row:
    return vendor.siren, vendor.name, vendor.website, vendor.parent_siren, vendor.contact


def _product(product: Product) -> Row:
    return (
        product.vendor.siren,
        product.slug,
        product.name,
        product.delivery_model,
        "true" if product.citizen_login else "false",
        "|".join(product.demarches),
        product.former_keys,
    )
