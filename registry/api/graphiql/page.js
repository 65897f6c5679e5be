"use strict";

const element = (id) => document.getElementById(id);

async function ask(query, variables) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json",
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, answer: await response.json() };
}

function given() {
  const text = element("variables").value.trim();
  return text ? JSON.parse(text) : {};
}

async function run() {
  const start = performance.now();
  element("status").textContent = "En cours…";
  try {
    const { status, answer } = await ask(element("query").value, given());
    const milliseconds = Math.round(performance.now() - start);
    const cost = answer.extensions?.cost;
    element("status").textContent =
      `HTTP ${status}, ${milliseconds} ms` + (cost === undefined ? "" : `, coût ${cost}`);
    element("answer").textContent = JSON.stringify(answer, null, 2);
  } catch (fault) {
    element("answer").textContent = "";
    element("status").textContent =
      fault instanceof SyntaxError ? "Les variables ne sont pas du JSON." : "Le service ne répond pas.";
  }
}

async function describe() {
  const { answer } = await ask("{ __schema { queryType { fields { name description } } } }", {});
  for (const field of answer.data.__schema.queryType.fields) {
    const name = document.createElement("dt");
    const description = document.createElement("dd");
    name.textContent = field.name;
    description.textContent = field.description;
    element("fields").append(name, description);
  }
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
element("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
describe();
