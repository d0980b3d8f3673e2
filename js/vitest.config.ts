import { defineConfig } from "vitest/config";

export default defineConfig({
  // What the build makes of the panels (`sharing.mjs`) is not there in tests.
  define: { PAGE_DIGEST: '""' },
  resolve: { alias: { "pixelflow:shared": new URL("tests/shared.ts", import.meta.url).pathname } },
  // The soak takes longer by what it multiplies.
  test: {
    testTimeout: 10_000 * Number(process.env.PIXELFLOW_SOAK ?? 1),
    include: ["tests/**/*.test.{ts,tsx}"],
    environment: "node",
  },
});
