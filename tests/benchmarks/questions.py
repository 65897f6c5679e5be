"""What is asked over HTTP, in the words of each side."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from registry.embedded import Addresses
from tests.benchmarks.node import Body

COLLECTIVITES = 50
"""Communes asked for in turn, spread over the country."""

SPREAD = """
SELECT code FROM collectivite
WHERE insee IS NOT NULL AND EXISTS (SELECT FROM deployment WHERE collectivite_id = collectivite.id)
ORDER BY md5(code) LIMIT $1
"""

OUR_COLLECTIVITE = """
query ($code: String!) {
  collectivite(code: $code) {
    code name kind population
    deployments(inForce: false) {
      demarche since until
      product { slug name citizenLogin verdict vendor { siren name } }
    }
  }
}
"""
THEIR_COLLECTIVITE = """
query ($code: String!) {
  allCollectivites(condition: { code: $code }, first: 1) {
    nodes {
      code name kind population
      deploymentsByCollectiviteId {
        nodes {
          demarche since until
          productByProductId {
            slug name citizenLogin
            productVerdictByProductId { verdict }
            vendorByVendorId { siren name }
          }
        }
      }
    }
  }
}
"""
OUR_VENDORS = """
{
  vendors(first: 100, orderBy: KEY_ASC) {
    edges { node {
      siren name
      products(first: 20) { edges { node { slug name deliveryModel citizenLogin version } } }
    } }
  }
}
"""
THEIR_VENDORS = """
{
  allVendors(first: 100, orderBy: SIREN_ASC) {
    edges { node {
      siren name
      productsByVendorId(first: 20) {
        edges { node { slug name deliveryModel citizenLogin version } }
      }
    } }
  }
}
"""

Bodies = tuple[list[Body], list[Body]]


@dataclass(frozen=True, slots=True)
class Question:
    """``must`` and ``aim``: how many times the peer's answers a second, none of them kept."""

    name: str
    bodies: Callable[[Addresses], Awaitable[Bodies]]
    must: float
    aim: float


async def _collectivites(addresses: Addresses) -> Bodies:
    connection = await asyncpg.connect(addresses.owner)
    try:
        codes = [code for (code,) in await connection.fetch(SPREAD, COLLECTIVITES)]
    finally:
        await connection.close()
    asked = [{"code": code} for code in codes]
    return (
        [{"query": OUR_COLLECTIVITE, "variables": variables} for variables in asked],
        [{"query": THEIR_COLLECTIVITE, "variables": variables} for variables in asked],
    )


async def _vendors(_: Addresses) -> Bodies:
    return [{"query": OUR_VENDORS}], [{"query": THEIR_VENDORS}]


COLLECTIVITE = Question("une collectivité et ses logiciels", _collectivites, must=0.9, aim=1.5)
VENDORS = Question("100 éditeurs et leurs logiciels", _vendors, must=2, aim=3)
