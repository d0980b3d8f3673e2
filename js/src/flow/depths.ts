import { type Flow, splitPort } from "./document";

/** How many edges lie at most between a node and the start of the flow (Kahn's order; nodes of a cycle stay at what is known). */
export function nodeDepths(flow: Flow): Map<string, number> {
  const ids = [...flow.nodes.keys()];
  const depths = new Map(ids.map((id) => [id, 0]));
  const waiting = new Map(depths);
  const followers = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const edge of flow.edges) {
    const source = splitPort(edge.from)?.node ?? "";
    const target = splitPort(edge.to)?.node ?? "";
    if (!depths.has(source) || !depths.has(target)) continue;
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
    followers.get(source)?.push(target);
  }
  const ready = ids.filter((id) => waiting.get(id) === 0);
  // The list grows while it is walked.
  for (const id of ready) {
    for (const follower of followers.get(id) ?? []) {
      depths.set(follower, Math.max(depths.get(follower) ?? 0, (depths.get(id) ?? 0) + 1));
      const left = (waiting.get(follower) ?? 0) - 1;
      waiting.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  return depths;
}
