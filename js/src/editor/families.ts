// The base models of the models that nodes work with: what inputs a node has may depend on it.

import type { ModelDesk } from "../bridge/models";
import type { ModelEntry } from "../bridge/protocol";
import { modelOf } from "../controls/modelChoice";
import type { Flow } from "../flow/document";
import { sourceOfModel } from "../flow/modelFeed";
import { findType, type NodeTypes } from "../flow/nodeType";

const hasOptions = (types: NodeTypes, type: string) =>
  findType(types, type)?.inputs.some(({ families }) => families !== undefined) === true;

/** By node; asks the kernel about models that have no card. The same map while nothing about it changed. */
export function familiesOf(): (
  flow: Flow,
  types: NodeTypes,
  models: readonly ModelEntry[],
  desk: ModelDesk,
) => ReadonlyMap<string, string> {
  let known: ReadonlyMap<string, string> = new Map();
  return (flow, types, models, desk) => {
    const found = new Map<string, string>();
    for (const [id, { type }] of flow.nodes) {
      if (!hasOptions(types, type)) continue;
      const source = sourceOfModel(flow, types, id);
      const model = modelOf(models, source) ?? desk.about(source);
      if (typeof model === "object" && model?.base_model) found.set(id, model.base_model);
    }
    const same = found.size === known.size && [...found].every(([id, family]) => known.get(id) === family);
    if (!same) known = found;
    return known;
  };
}
