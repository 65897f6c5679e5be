// Puts Apollo Client before the service: argument 1 is its address, 2 the SIREN of a vendor.
"use strict";

const { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } = require("@apollo/client");
const { recording } = require("./recording.js");

const [, , uri, siren] = process.argv;
const { requests, fetched } = recording();
const cache = new InMemoryCache();
const client = new ApolloClient({ cache, link: new HttpLink({ uri, fetch: fetched }) });

const NAMED = gql`
  fragment Named on Vendor {
    id
    siren
    name
  }
`;
const VENDOR = gql`
  query Vendor($siren: String!, $first: Int) {
    vendor(siren: $siren) {
      ...Named
      products(first: $first) {
        totalCount
        edges {
          node {
            ...Known
          }
        }
      }
    }
  }
  fragment Known on Product {
    id
    slug
  }
  ${NAMED}
`;
const NODE = gql`
  query Node($id: ID!) {
    node(id: $id) {
      ...Named
      ... on Vendor {
        website
      }
    }
  }
  ${NAMED}
`;

async function refusal(query, variables) {
  const { data, error } = await client.query({ query, variables, errorPolicy: "all" });
  return {
    data: data ?? null,
    combined: CombinedGraphQLErrors.is(error),
    codes: error.errors.map((told) => told.extensions.code),
  };
}

async function main() {
  const asked = { query: VENDOR, variables: { siren, first: 5 } };
  const { data } = await client.query(asked);
  const before = requests.length;
  await client.query(asked);
  const again = requests.length - before;
  const { id } = data.vendor;
  const node = await client.query({ query: NODE, variables: { id } });
  const vendors = Object.keys(cache.extract()).filter((key) => key.startsWith("Vendor:"));
  const kept = client.readFragment({ id: `Vendor:${id}`, fragment: NAMED });
  const misused = await refusal(gql`query ($siren: String!) { campaign { name } vendor(siren: $siren) { id } }`, { siren: "1" });
  const unknown = await refusal(gql`{ nothing }`);
  return { data, again, node: node.data.node, vendors, kept, misused, unknown, requests };
}

main().then((found) => process.stdout.write(JSON.stringify(found)));
