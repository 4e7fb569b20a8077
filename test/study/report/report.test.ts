import { describe, expect, it } from "vitest";
import { loadVega } from "../../../src/host/vega.ts";
import { htmlReport } from "../../../src/study/report/html.ts";
import { markdownReport } from "../../../src/study/report/markdown.ts";
import { picturesOf } from "../../../src/study/report/plots.ts";
import { textReport } from "../../../src/study/report/text.ts";
import type { TableSection } from "../../../src/study/result.ts";
import { ABOUT, cell, experiment, ladder, study } from "../results.ts";

const section: TableSection = {
  name: "nanobench",
  title: "Nanobenchmarks",
  intro: ["What single operations cost."],
  columns: [
    { key: "what", title: "operation" },
    { key: "inline", title: "inline", unit: "ns" },
  ],
  rows: [{ what: "CSR <read>", inline: 12.345 }],
  notes: ["One note."],
};

const result = study([ladder()], { sections: [section], notes: ["No qemu-riscv64: it is not installed."] });

describe("the report as text", () => {
  it("has the means, the workloads, sections and notes", () => {
    const text = textReport(result);
    expect(text).toMatch(/tiered +5.80x/);
    expect(text).toMatch(/fib +31.0x +8.20x +1.00x/);
    expect(text).toMatch(/CSR <read> +12.3/);
    expect(text).toContain("QEMU's time over ours, geometric mean: 2.00.");
    expect(text).toContain("No qemu-riscv64");
    expect(text).not.toContain("NOISY");
  });

  it("is loud about noise and void figures", () => {
    const noise = { ...ABOUT.noise, noisy: true, reasons: ["The load average was 9."] };
    const cells = [cell("mix", "tiered", [1], { voided: "its self-check failed" }), cell("mix", "native", [1])];
    const text = textReport(study([experiment("ladder", cells)], { about: { ...ABOUT, noise } }));
    expect(text).toContain("THE MACHINE WAS NOISY");
    expect(text).toContain("VOID");
    expect(text).toContain("ladder/mix/tiered: its self-check failed");
  });
});

describe("the report as Markdown", () => {
  it("has every table, and no markup from names", () => {
    const text = markdownReport(result);
    expect(text).toContain("| tiered | 5.80x |");
    expect(text).toContain("| CSR \\<read\\> | 12.3 |");
    expect(text).toContain("## Left out");
    expect(text).toContain("| traps | 3.00 |");
  });
});

describe("the report as a page", () => {
  it("has a plot for each picture, drawn with Vega-Lite, and needs nothing from elsewhere", async () => {
    const page = await htmlReport(result, await loadVega());
    expect(page.match(/<svg/g)).toHaveLength(picturesOf(result.experiments[0]!, "gcc").length);
    expect(page).toContain("Warming up: speed over time");
    expect(page).not.toMatch(/<script|<link|src=|https?:\/\/(?!www\.w3\.org)/);
  });

  it("has no markup from names", async () => {
    const page = await htmlReport(result, () => Promise.resolve("<svg></svg>"));
    expect(page).toContain("CSR &#60;read&#62;");
    expect(page).not.toContain("<read>");
  });

  it("draws curves over footprints and values", async () => {
    const footprints = [4, 64].flatMap((footprint) => [
      cell("random", "tiered", [footprint], { footprint }),
      cell("random", "native", [2], { footprint }),
    ]);
    const plots = [{ title: "Curves", kind: "footprint-curves", quantity: "nanoseconds" }] as const;
    const values = [8, 32].map((value) => ({ name: `up-to-${value}`, explains: "", value }));
    const sizes = experiment(
      "sizes",
      [cell("mix", "up-to-8", [9]), cell("mix", "up-to-32", [7]), cell("mix", "native", [1])],
      {
        variants: values,
        plots: [{ title: "Sizes", kind: "value-curves", quantity: "slowdown" }],
      },
    );
    const draw = await loadVega();
    const curves = picturesOf(experiment("footprint", footprints, { plots }), "gcc");
    for (const { spec } of [...curves, ...picturesOf(sizes, "gcc")]) {
      expect(await draw(spec)).toMatch(/mark-line/);
    }
    expect(curves).toHaveLength(1);
  });
});
