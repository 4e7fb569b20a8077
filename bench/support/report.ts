/** What a benchmark answers, and how it is shown. */

/** One line of the table; keys are the column titles. */
export type Row = Readonly<Record<string, string | number>>;

/** The answer to one question. Figures are ratios taken in one run wherever that is possible. */
export interface Report {
  readonly question: string;
  readonly rows: readonly Row[];
  /** What a reader must know to read the figures right: what was not installed, how often it was run. */
  readonly notes: readonly string[];
}

/** A benchmark: one file of bench/ exports this as `bench`. */
export interface Bench {
  readonly question: string;
  run(): Promise<Report>;
}

/** Three significant digits are what a benchmark on a shared machine can promise. */
function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  return typeof value === "number" ? String(Number(value.toPrecision(3))) : value;
}

/** The report as text with aligned columns. */
export function table(report: Report): string {
  const titles = [...new Set(report.rows.flatMap((row) => Object.keys(row)))];
  const lines = [titles, ...report.rows.map((row) => titles.map((title) => cell(row[title])))];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((value, column) => value.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  return [report.question, "", ...text, "", ...report.notes].join("\n");
}
