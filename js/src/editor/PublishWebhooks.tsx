// Webhooks: URLs that are told of the jobs of a key, and what became of each delivery.

import { type FormEvent, useState } from "react";
import type { Delivery, WebhookState } from "../bridge/publishing";
import { type Act, useAct, useAnswer } from "./asking";
import { Labeled, Once, Sure, Waiting, when } from "./publishParts";

const AGAIN_MS = 3_000;

function NewWebhook({ of, act, tell }: { of: WebhookState; act: Act; tell(secret: string): void }) {
  const [url, setUrl] = useState("");
  const [key, setKey] = useState("");
  const [events, setEvents] = useState<readonly string[]>(["job.finished"]);
  const chosen = of.keys.some(({ id }) => id === key) ? key : (of.keys[0]?.id ?? "");
  const add = (submit: FormEvent) => {
    submit.preventDefault();
    act({ type: "add_webhook", key: chosen, url, events: [...events] }, ({ secret }) => {
      setUrl("");
      if (secret) tell(secret);
    });
  };
  if (of.keys.length === 0) return <p>A webhook is told of the jobs of a key. Make one first, under Call.</p>;
  return (
    <form className="pf-form pf-add" onSubmit={add}>
      <Labeled label="URL">
        <input
          value={url}
          placeholder="https://example.com/hooks"
          spellCheck={false}
          onChange={(event) => setUrl(event.target.value)}
        />
      </Labeled>
      <Labeled label="Jobs of the key">
        <select value={chosen} onChange={(event) => setKey(event.target.value)}>
          {of.keys.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </Labeled>
      <fieldset className="pf-checks">
        <legend>Events</legend>
        {of.events.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={events.includes(name)}
              onChange={({ target }) =>
                setEvents(of.events.filter((each) => (each === name ? target.checked : events.includes(each))))
              }
            />
            {name}
          </label>
        ))}
      </fieldset>
      <footer>
        <button type="submit" className="pf-plain" disabled={!url.trim() || events.length === 0}>
          Add webhook
        </button>
      </footer>
    </form>
  );
}

const TONES: Partial<Record<Delivery["state"], string>> = { delivered: "good", failed: "bad" };

function answered({ last_status, last_error }: Delivery): string {
  return last_error ?? (last_status === null ? "" : String(last_status));
}

function Log({ deliveries, act }: { deliveries: readonly Delivery[]; act: Act }) {
  if (deliveries.length === 0) return <p>Nothing was sent yet.</p>;
  return (
    <ul className="pf-lined">
      {deliveries.map((delivery) => (
        <li key={delivery.id}>
          <span className="pf-key-words">
            <strong>{delivery.kind}</strong> <em data-tone={TONES[delivery.state]}>{delivery.state}</em>
            <small>
              {when(delivery.created_at)} · {delivery.url}
              {delivery.attempts > 1 && ` · ${delivery.attempts} attempts`}
              {answered(delivery) && ` · ${answered(delivery)}`}
            </small>
          </span>
          <button
            type="button"
            className="pf-plain"
            aria-label={`Replay ${delivery.kind} of ${when(delivery.created_at)}`}
            onClick={() => act({ type: "replay", id: delivery.id })}
          >
            Replay
          </button>
        </li>
      ))}
    </ul>
  );
}

export function PublishWebhooks() {
  const [turn, setTurn] = useState(0);
  const [secret, setSecret] = useState("");
  const asked = useAnswer({ type: "webhooks" }, turn, AGAIN_MS);
  const [act] = useAct(() => setTurn((before) => before + 1));
  const state = asked !== null && typeof asked !== "string" ? asked.webhooks : undefined;
  if (!state) return <Waiting asked={asked} />;
  return (
    <>
      <Once what="secret" text={secret} done={() => setSecret("")} />
      <div className="pf-two">
        <section className="pf-kept" aria-label="Webhooks">
          <h4>Webhooks</h4>
          <ul className="pf-lined">
            {state.hooks.map(({ id, url, key, events }) => (
              <li key={id}>
                <span className="pf-key-words">
                  <strong>{url}</strong>
                  <small>
                    {events.join(", ")} of {key}
                  </small>
                </span>
                <Sure
                  verb="Remove"
                  what={url}
                  asks="It is told nothing more."
                  act={() => act({ type: "remove_webhook", id })}
                />
              </li>
            ))}
          </ul>
          <NewWebhook of={state} act={act} tell={setSecret} />
        </section>
        <section className="pf-kept" aria-label="Deliveries">
          <h4>Deliveries</h4>
          <Log deliveries={state.deliveries} act={act} />
        </section>
      </div>
    </>
  );
}
