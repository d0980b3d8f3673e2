// What a page opens seldom: a module of its own, which the kernel hands over when the first of them is opened
// (`editor/Later.tsx`). The build gives it what the page has: one React, one session, one store.

export { UsagePanel } from "./costs/UsagePanel";
export { Export } from "./editor/Export";
export { Models } from "./editor/Models";
export { Publish } from "./editor/Publish";
export { Timeline } from "./editor/Timeline";
export { Versions } from "./editor/Versions";
export { PromptEditor } from "./prompts/PromptEditor";
