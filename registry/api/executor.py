"""How a document is executed: as GraphQL says, by shortcuts where they give the same answer."""

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class Executor(StrawberryGraphQLCoreExecutionContext):
    pass
