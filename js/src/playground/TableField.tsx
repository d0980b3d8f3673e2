import { useDraft } from "../controls/draft";
import { AreaField } from "../controls/Field";
import type { ControlProps } from "../controls/props";
import { formatTable, isTable, readTable } from "./tables";

/** A table, typed, pasted from a spreadsheet, or dropped in as a file. */
export function TableField(props: ControlProps) {
  const { value, onChange } = props;
  const draft = useDraft({ ...props, format: formatTable, read: readTable, live: true, lines: true });
  const take = async (file: File | undefined) => {
    const reading = file && readTable(await file.text());
    if (reading && "value" in reading) onChange(reading.value, "final");
  };
  const rows = isTable(value) ? value.rows.length : 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is dropped can be typed, too.
    <span
      className="pp-table-field"
      onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer.files[0]);
      }}
    >
      <AreaField
        {...{ id: props.id, label: props.label, disabled: props.disabled, draft }}
        className="pf-code"
        lines={4}
        placeholder={"name,colour\napple,red"}
      />
      <span className="pp-help">
        {isTable(value)
          ? `${value.columns.length} columns, ${rows} ${rows === 1 ? "row" : "rows"}`
          : "Names of the columns in the first line; paste from a spreadsheet, or drop a .csv file."}
      </span>
    </span>
  );
}
