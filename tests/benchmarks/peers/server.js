// PostGraphile on a database: its address, and how many connections to it.
"use strict";

const { createServer } = require("node:http");
const { postgraphile } = require("postgraphile");
const { makePgService } = require("postgraphile/adaptors/pg");
const { grafserv } = require("postgraphile/grafserv/node");
const { PostGraphileAmberPreset } = require("postgraphile/presets/amber");
const { jsonPgSmartTags } = require("postgraphile/utils");

const [, , connectionString, connections] = process.argv;

// The derived tables hold no foreign key, which is how PostGraphile finds that tables are related.
const relations = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      "public.product_verdict": {
        tags: { foreignKey: "(product_id) references public.product (id)" },
      },
    },
  },
});

const service = makePgService({
  connectionString,
  schemas: ["public"],
  pubsub: false,
  poolConfig: { max: Number(connections) },
});

async function main() {
  const server = createServer();
  const served = postgraphile({
    extends: [PostGraphileAmberPreset],
    plugins: [relations],
    pgServices: [service],
    grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
    grafast: { explain: false },
  }).createServ(grafserv);
  await served.addTo(server);
  await served.ready();
  server.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: server.address().port }));
  });
}

main();
