// Asks one address over and over, and prints how many answers a second it gave.
"use strict";

const autocannon = require("autocannon");

const { url, bodies, connections, seconds } = JSON.parse(process.argv[2]);
const headers = { "content-type": "application/json", accept: "application/json" };
const requests = bodies.map((body) => ({ method: "POST", headers, body: JSON.stringify(body) }));

autocannon({ url, connections, duration: seconds, ...(requests.length && { requests }) }).then(
  (result) => {
    const failed = result.errors + result.timeouts + result.non2xx;
    console.log(JSON.stringify({ answers: result["2xx"], failed, seconds: result.duration }));
  },
);
