"use strict";
// Shows the server's own OpenAPI document. Everything from it goes in as text, never as HTML.

const made = (name, text, ...inside) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...inside);
  return element;
};

const resolve = (whole, schema) => {
  const path = schema?.$ref?.slice(2).split("/");
  return path ? path.reduce((found, part) => found?.[part], whole) : schema;
};

const typeOf = (schema) =>
  schema["x-type"] ?? schema.enum?.join(" | ") ?? schema.type ?? (schema.anyOf ?? []).map(typeOf).join(" or ");

const limitsOf = (schema) =>
  ["minimum", "maximum", "multipleOf", "maxLength", "maxItems"]
    .filter((name) => schema[name] !== undefined)
    .map((name) => `${name} ${schema[name]}`)
    .join(", ");

const fieldsTable = (schema) => {
  const table = made("table", "", made("tr", "", ...["name", "type", "default", ""].map((text) => made("th", text))));
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const must = schema.required?.includes(name) ? "required" : JSON.stringify(field.default) ?? "";
    const help = [field.description, limitsOf(field)].filter(Boolean).join(" · ");
    table.append(made("tr", "", made("td", "", made("code", name)), made("td", typeOf(field)), made("td", must), made("td", help)));
  }
  return table;
};

const curl = (path, method, schema) => {
  const lines = [`curl ${location.origin}${path}`, `  -H "x-api-key: $PIXELFLOW_KEY"`];
  if (method !== "get") lines.push(`  -X ${method.toUpperCase()}`);
  if (schema) {
    const example = JSON.stringify(schema.examples?.[0] ?? {}).replaceAll("'", "'\\''");
    lines.push(`  -H 'content-type: application/json'`, `  -d '${example}'`);
  }
  return lines.join(" \\\n");
};

const operation = (whole, path, method, told) => {
  const inside = made("div", "", made("p", told.description));
  const schema = resolve(whole, told.requestBody?.content?.["application/json"]?.schema);
  if (schema) inside.append(made("h3", "Inputs"), fieldsTable(schema));
  for (const place of ["path", "query", "header"]) {
    const found = (told.parameters ?? []).filter((each) => each.in === place);
    if (!found.length) continue;
    const properties = Object.fromEntries(found.map((each) => [each.name, { ...each.schema, description: each.description }]));
    inside.append(made("h3", { path: "In the address", query: "Query", header: "Headers" }[place]), fieldsTable({ properties }));
  }
  if (!path.includes("{")) inside.append(made("pre", curl(path, method, schema)));
  const answers = Object.entries(told.responses).map(([status, answer]) => `${status}  ${answer.description}`);
  inside.append(made("h3", "Answers"), made("pre", answers.join("\n")));
  const head = made("summary", "", made("span", method.toUpperCase()), made("code", path), made("span", `  ${told.summary ?? ""}`));
  head.firstChild.className = "method";
  head.lastChild.className = "soft";
  return made("details", "", head, inside);
};

const headOf = (name, isFlow) => {
  const head = made("h2", name);
  if (!isFlow) return head;
  const link = made("a", "Playground");
  link.href = `/play/${encodeURIComponent(name)}`;
  head.append(" ", link);
  return head;
};

const show = (whole) => {
  const groups = new Map();
  for (const [path, item] of Object.entries(whole.paths))
    for (const [method, told] of Object.entries(item)) {
      const group = told.tags?.[0] ?? "server";
      groups.set(group, [...(groups.get(group) ?? []), operation(whole, path, method, told)]);
    }
  const flows = [...groups.keys()].filter((name) => Object.keys(whole.paths).includes(`/v1/flows/${name}`));
  const rest = [...groups.keys()].filter((name) => !flows.includes(name));
  const list = document.getElementById("list");
  list.replaceChildren(...[...flows, ...rest].flatMap((name) => [headOf(name, flows.includes(name)), ...groups.get(name)]));
};

const told = document.getElementById("told");
const field = document.getElementById("key");
const load = async () => {
  if (!field.value) return;
  const answer = await fetch("/openapi.json", { headers: { "x-api-key": field.value } });
  const body = await answer.json();
  told.textContent = answer.ok ? "" : body.error.message;
  if (!answer.ok) return;
  sessionStorage.setItem("pixelflow-key", field.value);
  show(body);
};
document.getElementById("door").addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
field.value = sessionStorage.getItem("pixelflow-key") ?? "";
load();
