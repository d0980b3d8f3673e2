import { useAnswer } from "./asking";
import type { Of } from "./Publish";
import { Waiting } from "./publishParts";

const AGAIN_MS = 5_000;

/** What was used of an endpoint: a row for each day, key and way in which jobs ended. */
export function PublishUsage({ name }: Of) {
  const asked = useAnswer({ type: "usage", name }, 0, AGAIN_MS);
  const rows = asked !== null && typeof asked !== "string" ? asked.usage : undefined;
  if (!rows) return <Waiting asked={asked} />;
  if (rows.length === 0) return <p className="pf-none">Nobody has called it yet.</p>;
  return (
    <section className="pf-table" aria-label="Usage">
      <table>
        <thead>
          <tr>
            <th>Day (UTC)</th>
            <th>Key</th>
            <th>Ended</th>
            <th data-number>Jobs</th>
            <th data-number>Seconds</th>
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map(({ day, key, status, jobs, seconds }) => (
            <tr key={`${day} ${key} ${status}`}>
              <td>{day}</td>
              <td>{key}</td>
              <td>{status}</td>
              <td data-number>{jobs}</td>
              <td data-number>{seconds.toFixed(1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
