// Runs graphql-http's audits of a server, and prints what each of them found.
"use strict";

const { auditServer } = require("graphql-http");

auditServer({ url: process.argv[2] }).then((results) => {
  const found = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
  process.stdout.write(JSON.stringify(found));
});
