// Puts graphql-ws before the service, at the address in argument 1: alone, on the WebSocket of
// ws and on that of browsers, then under Apollo Client.
"use strict";

const { ApolloClient, CombinedGraphQLErrors, InMemoryCache, gql } = require("@apollo/client");
const { GraphQLWsLink } = require("@apollo/client/link/subscriptions");
const { createClient } = require("graphql-ws");
const ws = require("ws");

const url = process.argv[2];
const CAMPAIGN = "query ($with: Boolean!) { campaign { charterVersion name @include(if: $with) } }";

function opened(webSocketImpl) {
  const events = [];
  const on = {
    opened: (socket) => events.push(`opened ${socket.protocol}`),
    connected: () => events.push("connected"),
    closed: ({ code, wasClean }) => events.push(`closed ${code} ${wasClean}`),
    error: () => events.push("error"),
  };
  const client = createClient({ url, webSocketImpl, on, lazy: false, retryAttempts: 0 });
  return { client, events };
}

/** What an operation gave: results, or the code of the errors that refused it. */
function asked(client, query, variables) {
  return new Promise((resolve) => {
    const results = [];
    client.subscribe(
      { query, variables },
      {
        next: (result) => results.push(result),
        error: (errors) => resolve({ codes: errors.map((error) => error.extensions.code) }),
        complete: () => resolve({ results }),
      },
    );
  });
}

async function alone(implementation) {
  const { client, events } = opened(implementation);
  const one = await asked(client, CAMPAIGN, { with: false });
  const several = await Promise.all(
    Array.from({ length: 12 }, (_, place) => asked(client, `{ q${place}: __typename }`)),
  );
  const misused = await asked(client, '{ vendor(siren: "1") { id } }');
  const refused = await asked(client, "mutation { __typename }");
  const live = await asked(client, "subscription { campaign { name } }");
  const unknown = await asked(client, "{ nothing }");
  const after = await asked(client, CAMPAIGN, { with: false });
  const closed = new Promise((resolve) => client.on("closed", resolve));
  await client.dispose();
  await closed;
  return { one, several, misused, refused, live, unknown, after, events };
}

/** Whether a ping of the client's own is answered. */
async function pinged() {
  const client = createClient({ url, webSocketImpl: ws, keepAlive: 20, lazy: false });
  const received = await new Promise((resolve) => client.on("pong", resolve));
  await client.dispose();
  return received;
}

async function broken() {
  const socket = new WebSocket(url, "graphql-transport-ws");
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  socket.addEventListener("open", () => socket.send('{"type": 5}'));
  const { code, wasClean } = await closed;
  return { code, wasClean };
}

async function underApollo() {
  const { client, events } = opened(ws);
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(client) });
  const { data } = await apollo.query({ query: gql(CAMPAIGN), variables: { with: false } });
  const { error } = await apollo.query({ query: gql`{ nothing }`, errorPolicy: "all" });
  await client.dispose();
  return { data, combined: CombinedGraphQLErrors.is(error), events };
}

async function main() {
  return {
    ws: await alone(ws),
    browser: await alone(WebSocket),
    pinged: await pinged(),
    broken: await broken(),
    apollo: await underApollo(),
  };
}

main().then((found) => process.stdout.write(JSON.stringify(found)));
