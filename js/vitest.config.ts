import { defineConfig } from "vitest/config";

export default defineConfig({
  // The soak takes longer by what it multiplies.
  test: {
    testTimeout: 10_000 * Number(process.env.PIXELFLOW_SOAK ?? 1),
    include: ["tests/**/*.test.{ts,tsx}"],
    environment: "node",
  },
});
