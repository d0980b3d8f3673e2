// A stack of adapters as it is typed: one a line, "name weight [@ schedule]", and `#` before one that is off.

export interface LoraLine {
  /** False is off: it is kept, and not used. */
  on: boolean;
  source: string;
  weight: number;
  /** As it was typed: "0:1, 0.5:0"; empty is the same all along. */
  schedule: string;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)$/;

export function readLora(line: string): LoraLine {
  const text = line.trim();
  const on = !text.startsWith("#");
  const rest = on ? text : text.slice(1).trim();
  const at = rest.search(/\s@(?:\s|$)/);
  const [body, schedule] = at < 0 ? [rest, ""] : [rest.slice(0, at).trim(), rest.slice(at + 2).trim()];
  const last = body.match(/^(.*\S)\s+(\S+)$/);
  if (last?.[1] !== undefined && NUMBER.test(last[2] ?? "")) {
    return { on, source: last[1], weight: Number(last[2]), schedule };
  }
  return { on, source: body, weight: 1, schedule };
}

export function formatLora({ on, source, weight, schedule }: LoraLine): string {
  const parts = [source.trim(), String(Number(weight.toFixed(4)))];
  return `${on ? "" : "# "}${parts.join(" ")}${schedule.trim() === "" ? "" : ` @ ${schedule.trim()}`}`;
}

/** Blank lines are none. */
export function readLoras(text: string): LoraLine[] {
  return text
    .split("\n")
    .filter((line) => line.replace(/^[\s#]+/, "") !== "")
    .map(readLora);
}

export function formatLoras(lines: readonly LoraLine[]): string {
  return lines.map(formatLora).join("\n");
}

/** With one line in another place. */
export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const next = [...items];
  const [item] = next.splice(from, 1);
  if (item !== undefined) next.splice(to, 0, item);
  return next;
}
