// The signature as callers will see it: a table, an example of a request, its schema.

import { useState } from "react";
import type { Signature } from "../bridge/publishing";
import { Tabs } from "../controls/Tabs";
import type { Json } from "../flow/document";
import { Copy } from "./Copy";
import { requestOf } from "./signatureFields";

const short = (value: Json | undefined): string =>
  value === undefined ? "required" : typeof value === "object" && value !== null ? "…" : String(value);

function Table({ of }: { of: Signature }) {
  return (
    <div className="pf-table">
      <table>
        <thead>
          <tr>
            <th>Input</th>
            <th>Takes</th>
            <th>Default</th>
            <th>Help</th>
          </tr>
        </thead>
        <tbody>
          {of.inputs.map((input) => (
            <tr key={input.name}>
              <td>
                <code>{input.name}</code>
              </td>
              <td>{input.takes}</td>
              <td data-required={input.is_required || undefined}>{short(input.default)}</td>
              <td>{input.help}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        Gives{" "}
        {of.outputs.length === 0
          ? "nothing"
          : of.outputs.map(({ name, type }) => `${name} (${typeof type === "string" ? type : "a choice"})`).join(", ")}
        .
      </p>
    </div>
  );
}

const PREVIEWS = ["Table", "Request", "Schema", "Result"] as const;

export function PublishPreview({ of }: { of: Signature }) {
  const [shown, setShown] = useState<(typeof PREVIEWS)[number]>("Table");
  const schema = shown === "Result" ? of.result : of.request;
  const text = shown === "Request" ? requestOf(of.request) : JSON.stringify(schema, null, 2);
  return (
    <section aria-label="What callers see">
      <header>
        <Tabs label="Preview" tabs={PREVIEWS.map((name) => [name, name])} chosen={shown} choose={setShown} />
        {shown !== "Table" && <Copy text={text} />}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long text is scrolled with the keyboard, too. */}
      {shown === "Table" ? <Table of={of} /> : <pre tabIndex={0}>{text}</pre>}
    </section>
  );
}
