/** Drawing plots with Vega-Lite, which is installed beside this package by those who want plots. */

import { WasmvisorError } from "../error.ts";

/** Makes an SVG from a Vega-Lite specification. */
export type Draw = (spec: Readonly<Record<string, unknown>>) => Promise<string>;

/**
 * Loads the packages.
 * @throws WasmvisorError `vega` when they are not installed
 */
export async function loadVega(): Promise<Draw> {
  try {
    const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
    return async (spec) => {
      const { spec: compiled } = vegaLite.compile(spec as unknown as Parameters<typeof vegaLite.compile>[0]);
      const view = new vega.View(vega.parse(compiled), { renderer: "none" });
      const svg = await view.toSVG();
      view.finalize();
      return svg;
    };
  } catch (cause) {
    throw new WasmvisorError(
      "vega",
      "The page's plots need the packages vega and vega-lite; npm install vega vega-lite, or write --md instead.",
      {},
      { cause },
    );
  }
}
