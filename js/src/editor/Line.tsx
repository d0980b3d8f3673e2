// A line of a form, or several, whose words go into the flow when they were typed to their end.

import { useDraft } from "../controls/draft";
import { AreaField, LineField } from "../controls/Field";
import { formatNumber, type Reading } from "../controls/numbers";
import type { Json } from "../flow/document";
import { Labeled } from "./publishParts";
import { readText } from "./signatureFields";

interface LineProps {
  label: string;
  value: Json;
  change(value: Json): void;
  read?(text: string): Reading;
  lines?: number;
  numeric?: boolean;
  placeholder?: string | undefined;
  hint?: string;
}

/** A text or number: sent when it was typed to its end, and taken away where it was emptied. */
export function Line({
  label,
  value,
  change,
  read = readText,
  lines = 1,
  numeric = false,
  placeholder,
  hint = "",
}: LineProps) {
  const draft = useDraft({
    value,
    preset: value === null,
    format: (told) => (Array.isArray(told) ? told.join("\n") : formatNumber(told)),
    read,
    lines: lines > 1,
    onChange: (next, phase) => phase === "final" && change(next),
  });
  const shared = { label, draft, disabled: false, placeholder, hint };
  return (
    <Labeled label={label} hint={hint}>
      <span className="pf-control" style={lines > 1 ? { height: 17 * lines + 12 } : undefined}>
        {lines > 1 ? <AreaField {...shared} lines={lines} /> : <LineField {...shared} numeric={numeric} />}
      </span>
    </Labeled>
  );
}
