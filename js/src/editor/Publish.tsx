// The flow as an endpoint: what it takes and gives, its versions, who may call it and how, who is told, what was used.

import { type ReactNode, useState } from "react";
import { Tabs } from "../controls/Tabs";
import { keepKeys } from "./asking";
import { CloseIcon } from "./icons";
import { PublishCall } from "./PublishCall";
import { PublishSignature } from "./PublishSignature";
import { PublishUsage } from "./PublishUsage";
import { PublishVersions } from "./PublishVersions";
import { PublishWebhooks } from "./PublishWebhooks";
import { useStored } from "./store";
import { type PublishTab, useEditor } from "./view";
import "./publish.css";

const TABS: [PublishTab, title: string, about: string][] = [
  ["signature", "Signature", "What the flow takes and gives"],
  ["publish", "Publish", "Freeze the flow as a version that can be called"],
  ["call", "Call", "The server, its keys, programs that call it"],
  ["webhooks", "Webhooks", "URLs that are told of jobs"],
  ["usage", "Usage", "Jobs and seconds, by day and key"],
];

/** The name of the endpoint that the panel is about; empty until the kernel has said, or somebody has. */
export interface Of {
  name: string;
  setName(name: string): void;
}

function Shown({ tab }: { tab: PublishTab }) {
  const [name, setName] = useState("");
  const of = { name, setName };
  const shown: Record<PublishTab, () => ReactNode> = {
    signature: () => <PublishSignature />,
    publish: () => <PublishVersions {...of} />,
    call: () => <PublishCall {...of} />,
    webhooks: () => <PublishWebhooks />,
    usage: () => <PublishUsage {...of} />,
  };
  return (
    <div className="pf-published nowheel" key={tab} data-tab={tab}>
      {shown[tab]()}
    </div>
  );
}

export function Publish() {
  const { view } = useEditor();
  const open = useStored(view.panel) === "publish";
  const tab = useStored(view.publishTab);
  if (!open) return null;
  const close = () => {
    view.panel.set(null);
    view.root?.focus({ preventScroll: true });
  };
  return (
    <section
      className="pf-inside pf-export pf-publish"
      role="dialog"
      aria-label="Publish"
      // Keys and copies are for what is read here, not for the nodes behind it; undo is for both.
      onKeyDown={(event) => {
        const undo = (event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key);
        if (event.key !== "Escape" && !undo) event.stopPropagation();
      }}
      onClick={() => keepKeys(view)}
      onCopy={(event) => event.stopPropagation()}
    >
      <header>
        <Tabs label="Publish" tabs={TABS} chosen={tab} choose={(name) => view.publishTab.set(name)} />
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <Shown tab={tab} />
    </section>
  );
}
