// Runs as the timeline shows them.

import type { RunStatus } from "./protocol";

export interface TimelineRun {
  run: string;
  /** ISO 8601. */
  started: string;
  /** In seconds; null while it is not over. */
  took: number | null;
  status: RunStatus;
  nodes: TimelineNode[];
}

export interface TimelineNode {
  node: string;
  title: string;
  /** In seconds, after the start of the run. */
  start: number | null;
  took: number | null;
  cached: boolean;
  /** In bytes. */
  peak: number | null;
  /** Empty or null where it did not fail. */
  error: string | null;
}
