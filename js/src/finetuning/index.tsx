// Fine-tuning in a notebook: an AnyWidget that shows a training, or the sheet of a dataset.

import type { RenderProps } from "@anywidget/types";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { modelTransport } from "../bridge/traits";
import "../theme/tokens.css";
import { Dataset } from "./dataset";
import { Kernel } from "./kernel";
import { SheetPanel } from "./SheetPanel";
import { TrainingPanel } from "./TrainingPanel";
import { Watch } from "./watch";
import "./finetuning.css";
import "./sheet.css";

function render({ model, el }: RenderProps) {
  const kernel = new Kernel(modelTransport(model as never));
  const root = createRoot(el);
  const panel =
    model.get("kind") === "dataset" ? (
      <SheetPanel dataset={new Dataset(kernel)} />
    ) : (
      <TrainingPanel watch={new Watch(kernel)} />
    );
  root.render(<StrictMode>{panel}</StrictMode>);
  return () => {
    root.unmount();
    kernel.close();
  };
}

export default { render };
