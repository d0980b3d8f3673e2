// What the build puts in (`js/sharing.mjs`).

/** What the page gives its panels. */
declare module "pixelflow:shared" {
  const give: () => unknown[];
  export default give;
}

/** Of this page: the panels say for which one they are. */
declare const PAGE_DIGEST: string;
