"""The schema, code first. ``python -m registry.api.schema > graphql/schema.graphql`` writes it."""

import sys
from functools import cache

import strawberry
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    Undefined,
)

from registry.api import (
    allowed_sirets,
    bulk_declarations,
    collectivites,
    commitments,
    delegations,
    deployments,
    grants,
    integrations,
    products,
    software_requests,
    tokens,
    vendors,
)
from registry.api.activations import ActivationMutation
from registry.api.actors import ActorQuery
from registry.api.allowed_sirets import AllowedSiretMutation
from registry.api.bulk_declarations import BulkDeclarationQuery
from registry.api.campaigns import CampaignMutation, CampaignQuery
from registry.api.changes import ChangesQuery
from registry.api.collectivites import CollectiviteMutation, CollectiviteQuery
from registry.api.commitments import CommitmentMutation
from registry.api.delegations import DelegationMutation
from registry.api.deployments import DeploymentMutation
from registry.api.disputes import types as disputes
from registry.api.disputes.mutations import DisputeMutation
from registry.api.forecast import ForecastQuery
from registry.api.grants import GrantMutation
from registry.api.integrations import IntegrationMutation
from registry.api.nodes import node_query
from registry.api.plan import PlanQuery
from registry.api.products import ProductMutation, ProductQuery
from registry.api.queue import QueueQuery
from registry.api.rate_limits import RateLimitQuery
from registry.api.rollout import RolloutQuery
from registry.api.search import SearchQuery
from registry.api.simulation import SimulationQuery
from registry.api.software_requests import SoftwareRequestMutation, SoftwareRequestQuery
from registry.api.tasks import TaskQuery
from registry.api.tokens import TokenMutation
from registry.api.trend import TrendQuery
from registry.api.vendors import VendorMutation, VendorQuery

NODES = {
    "Vendor": vendors.find,
    "Product": products.find,
    "Collectivite": collectivites.find,
    "Deployment": deployments.find,
    "Integration": integrations.find,
    "Commitment": commitments.find,
    "SoftwareRequest": software_requests.find,
    "BulkDeclaration": bulk_declarations.find,
    "Dispute": disputes.find,
    "GrantClaim": grants.find,
    "Token": tokens.find,
    "Delegation": delegations.find,
    "AllowedSiret": allowed_sirets.find,
}


@cache
def build_schema() -> strawberry.Schema:
    @strawberry.type(description="Tout ce qui se lit.")
    class Query(
        node_query(NODES),  # type: ignore[misc]
        VendorQuery,
        ProductQuery,
        CollectiviteQuery,
        SearchQuery,
        CampaignQuery,
        RolloutQuery,
        TrendQuery,
        ForecastQuery,
        ChangesQuery,
        SimulationQuery,
        PlanQuery,
        SoftwareRequestQuery,
        BulkDeclarationQuery,
        QueueQuery,
        TaskQuery,
        RateLimitQuery,
        ActorQuery,
    ):
        pass

    @strawberry.type(description="Tout ce qui s’écrit.")
    class Mutation(
        VendorMutation,
        ProductMutation,
        IntegrationMutation,
        CommitmentMutation,
        DisputeMutation,
        GrantMutation,
        DeploymentMutation,
        ActivationMutation,
        SoftwareRequestMutation,
        CollectiviteMutation,
        CampaignMutation,
        AllowedSiretMutation,
        DelegationMutation,
        TokenMutation,
    ):
        pass

    schema = strawberry.Schema(Query, Mutation, types=[deployments.Deployment])
    _leave_out_null_defaults(schema)
    return schema


def _leave_out_null_defaults(schema: strawberry.Schema) -> None:
    """An argument that may be absent is written ``first: Int``, not ``first: Int = null``."""
    for kind in schema._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            inputs = [given for field in kind.fields.values() for given in field.args.values()]
        elif isinstance(kind, GraphQLInputObjectType):
            inputs = list(kind.fields.values())
        else:
            continue
        for given in inputs:
            if given.default_value is None:
                given.default_value = Undefined


def export_schema() -> str:
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    sys.stdout.write(export_schema())
