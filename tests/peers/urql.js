// Puts urql before the service: argument 1 is its address, 2 the SIREN of a vendor.
"use strict";

const { Client, cacheExchange, fetchExchange, gql } = require("@urql/core");
const { recording } = require("./recording.js");

const [, , url, siren] = process.argv;

const KNOWN = gql`
  fragment Known on Product {
    id
    slug
  }
`;
const VENDOR = gql`
  query Vendor($siren: String!, $first: Int) {
    vendor(siren: $siren) {
      id
      name
      products(first: $first) {
        edges {
          node {
            ...Known
          }
        }
      }
    }
  }
  ${KNOWN}
`;
const MISUSED = gql`query ($siren: String!) { campaign { name } vendor(siren: $siren) { id } }`;
const UNKNOWN = gql`{ nothing }`;
const LIVE = gql`subscription { campaign { name } }`;

function told({ data, error }) {
  return {
    data: data ?? null,
    codes: error.graphQLErrors.map((fault) => fault.extensions.code),
    network: error.networkError?.message ?? null,
  };
}

async function by(preferGetMethod) {
  const { requests, fetched } = recording();
  const exchanges = [cacheExchange, fetchExchange];
  const client = new Client({ url, exchanges, preferGetMethod, fetch: fetched });
  const { data, error } = await client.query(VENDOR, { siren, first: 5 }).toPromise();
  const again = await client.query(VENDOR, { siren, first: 5 }).toPromise();
  const misused = told(await client.query(MISUSED, { siren: "1" }).toPromise());
  const unknown = told(await client.query(UNKNOWN, {}).toPromise());
  const written = told(await client.mutation(gql`mutation { nothing }`, {}).toPromise());
  return { data, error, same: again.data === data, misused, unknown, written, requests };
}

async function live() {
  const { requests, fetched } = recording();
  const exchanges = [fetchExchange];
  const client = new Client({ url, exchanges, fetch: fetched, fetchSubscriptions: true });
  const first = (resolve) => client.subscription(LIVE, {}).subscribe(resolve);
  const { error } = await new Promise(first);
  return { refused: Boolean(error), requests };
}

async function main() {
  return { post: await by(false), get: await by("force"), live: await live() };
}

main().then((found) => process.stdout.write(JSON.stringify(found)));
