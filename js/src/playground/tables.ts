// Tables as people have them: text with commas or tabs between cells, names in the first line.

import type { Json } from "../flow/document";

export interface Table {
  columns: string[];
  rows: Json[][];
}

export function isTable(value: unknown): value is Table {
  const { columns, rows } = (value ?? {}) as Partial<Table>;
  return Array.isArray(columns) && Array.isArray(rows);
}

function cellOf(text: string): Json {
  const plain = text.trim();
  if (plain === "") return null;
  if (plain === "true" || plain === "false") return plain === "true";
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && !/^[+-]?0\d/.test(plain) ? Number(plain) : text;
}

/** The cells of each line; quotes hold a cell together, two stand for one. */
function split(text: string): string[][] {
  const mark = (text.split("\n", 1)[0] ?? "").includes("\t") ? "\t" : ",";
  const lines: string[][] = [[""]];
  let quoted = false;
  for (let place = 0; place < text.length; place++) {
    const sign = text[place] ?? "";
    const cells = lines[lines.length - 1] ?? [];
    if (quoted && sign === '"' && text[place + 1] === '"') {
      cells[cells.length - 1] += '"';
      place++;
    } else if (sign === '"' && (quoted || cells.at(-1) === "")) quoted = !quoted;
    else if (quoted || (sign !== mark && sign !== "\n" && sign !== "\r")) cells[cells.length - 1] += sign;
    else if (sign === mark) cells.push("");
    else if (sign === "\n") lines.push([""]);
  }
  return lines.filter((cells) => cells.some((cell) => cell.trim() !== ""));
}

export function readTable(text: string): { value: Json } | { problem: string } {
  const [columns, ...lines] = split(text);
  if (!columns) return { value: null };
  const names = columns.map((name) => name.trim());
  if (new Set(names).size < names.length) return { problem: "Two columns have the same name." };
  const wrong = lines.findIndex((cells) => cells.length !== names.length);
  if (wrong >= 0)
    return { problem: `Row ${wrong + 1} has ${lines[wrong]?.length} cells; there are ${names.length} columns.` };
  return { value: { columns: names, rows: lines.map((cells) => cells.map(cellOf)) } };
}

function quotedCell(cell: Json): string {
  const text = cell === null ? "" : String(cell);
  return /[",\n\r\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function formatTable(table: unknown): string {
  if (!isTable(table)) return "";
  return [table.columns, ...table.rows].map((cells) => cells.map(quotedCell).join(",")).join("\n");
}
