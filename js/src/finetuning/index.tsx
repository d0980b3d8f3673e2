// Fine-tuning and comparisons in a notebook: an AnyWidget that shows a training, the sheet of a dataset, or a comparison.

import type { RenderProps } from "@anywidget/types";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { modelTransport } from "../bridge/traits";
import { ComparisonPanel } from "../comparison/ComparisonPanel";
import { Comparison } from "../comparison/comparison";
import "../theme/tokens.css";
import { Dataset } from "./dataset";
import { Kernel } from "./kernel";
import { SheetPanel } from "./SheetPanel";
import { TrainingPanel } from "./TrainingPanel";
import { Watch } from "./watch";
import "./finetuning.css";
import "./sheet.css";
import "../comparison/comparison.css";

const PANELS: Record<string, (kernel: Kernel) => ReactNode> = {
  comparison: (kernel) => <ComparisonPanel comparison={new Comparison(kernel)} />,
  dataset: (kernel) => <SheetPanel dataset={new Dataset(kernel)} />,
  training: (kernel) => <TrainingPanel watch={new Watch(kernel)} />,
};

function render({ model, el }: RenderProps) {
  const kernel = new Kernel(modelTransport(model as never));
  const root = createRoot(el);
  root.render(<StrictMode>{PANELS[model.get("kind") as string]?.(kernel)}</StrictMode>);
  return () => {
    root.unmount();
    kernel.close();
  };
}

export default { render };
