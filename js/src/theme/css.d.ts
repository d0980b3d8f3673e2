// esbuild takes style sheets out into widget.css.
declare module "*.css";
