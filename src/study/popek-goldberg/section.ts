/** The report's section: every instruction tried in every mode, and whether the sensitive ones are among the privileged ones. */

import { Host } from "../../index.ts";
import type { Section, SectionContext, TableRow, TableSection } from "../result.ts";
import { classify, type Observation, type Verdict } from "./classify.ts";
import { className, explanation, isException } from "./explain.ts";
import { SETTINGS } from "./settings.ts";
import { csrSubjects, instructionSubjects, type Subject } from "./subjects.ts";
import { MODES, TrialMachine } from "./trial.ts";

/** A subject with what was found about it. */
export interface Finding {
  readonly subject: Subject;
  readonly verdict: Verdict;
}

/** Tries `subjects` in all modes under all settings. Tells `progress` how far it is. */
export async function tryAll(
  subjects: readonly Subject[],
  progress: (done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Finding[]> {
  using host = await Host.create();
  const { machine } = await TrialMachine.create(host);
  return subjects.map((subject, index) => {
    signal?.throwIfAborted();
    if (index % 50 === 0) progress(index);
    return { subject, verdict: classify(observations(machine, subject)) };
  });
}

function observations(machine: TrialMachine, subject: Subject): Observation[] {
  return MODES.flatMap((mode) => {
    const all = SETTINGS.map((setting) => ({
      mode,
      setting: setting.name,
      outcome: machine.try(subject, mode, setting),
    }));
    if (subject.reads !== true) return all;
    const outcome = machine.try(subject, mode, SETTINGS[0]!, true);
    return [...all, { mode, setting: "its value", outcome }];
  });
}

/** Findings that differ in nothing but the instruction's name. */
export function grouped(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { traps, dependsOn, memoryDependsOn } = finding.verdict;
    const key = JSON.stringify([
      finding.subject.table,
      finding.subject.csr?.[0] ?? "",
      traps,
      dependsOn,
      memoryDependsOn,
      className(finding.verdict),
      explanation(finding.subject, finding.verdict),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

const MOST_NAMES = 12;

function names(group: readonly Finding[]): string {
  const all = group.map(({ subject }) => subject.name);
  if (all.length <= MOST_NAMES) return all.join(", ");
  return `${all.slice(0, MOST_NAMES).join(", ")} and ${all.length - MOST_NAMES} more`;
}

function reasonOf({ subject, verdict }: Finding): string | undefined {
  return isException(verdict) ? (explanation(subject, verdict) ?? "not explained") : undefined;
}

/** What stands in the table for the reason at `index`; the notes spell it out. */
function letter(index: number): string {
  return index < 0 ? "" : String.fromCharCode(97 + index);
}

function rowOf(group: readonly Finding[], reasons: readonly string[]): TableRow {
  const { subject, verdict } = group[0]!;
  return {
    instructions: names(group),
    count: String(group.length),
    table: subject.table,
    u: verdict.traps.U,
    s: verdict.traps.S,
    m: verdict.traps.M,
    depends: [...verdict.dependsOn, ...(verdict.modeDependent ? ["mode"] : [])].join(", "),
    memory: verdict.memoryDependsOn.join(", "),
    changes: [...new Set(group.flatMap((finding) => finding.verdict.changes))].slice(0, MOST_NAMES).join(", "),
    class: className(verdict),
    reason: letter(reasons.indexOf(reasonOf(group[0]!) ?? "")),
  };
}

const INTRO = [
  "A monitor can run a guest's kernel directly, in a less privileged mode, if every sensitive instruction traps there: the theorem of Popek and Goldberg. Each instruction and each form of access to each CSR was executed in U, S and M mode, under every status bit that bears on it in both positions, and classified by what happened, not by what the manual says.",
  "Two questions are asked of the result. A kernel written for S mode, run in U mode: does all that is sensitive trap? And a kernel run in S mode by a monitor in M mode, as it must be without the hypervisor extension when guests are to have user modes of their own: can the monitor have what it needs trap?",
];

const S_NAMES = /^(sret|wfi|sfence|sinval|satp)|satp$/;

/** What the two questions' answers are, in sentences. */
export function conclusions(findings: readonly Finding[]): string[] {
  const sensitive = findings.filter(({ verdict }) => verdict.control || verdict.behaviour);
  const exceptions = findings.filter(({ verdict }) => isException(verdict));
  const unexplained = exceptions.filter(({ subject, verdict }) => explanation(subject, verdict) === undefined);
  const switched = findings.filter(
    ({ verdict }) => verdict.traps.S === "sometimes" && verdict.dependsOn.some((name) => /^T(VM|W|SR)=/.test(name)),
  );
  const free = findings.filter(
    ({ verdict, subject }) => verdict.privileged && verdict.traps.S === "never" && !S_NAMES.test(subject.name),
  );
  return [
    `${findings.length} instructions and forms; ${sensitive.length} are sensitive, and ${sensitive.length - exceptions.length} of these trap in U mode under every setting.`,
    exceptions.length === 0
      ? "The sensitive set is inside the privileged one."
      : `The sensitive set is not inside the privileged one as it stands: ${exceptions.length} exceptions, of which ${unexplained.length} are not explained. All explained ones trap when the monitor says so (counter enables, FS, envcfg), so a kernel for S mode can be run in U mode by trapping and emulating.`,
    `In S mode, TVM, TW and TSR decide whether these trap: ${[...new Set(switched.map(({ subject }) => subject.name))].join(", ")}. Without the hypervisor extension a monitor in M mode needs them: they are the S-mode instructions that reach beyond S mode's own registers, to translation (which would bypass the monitor's), to the processor's time, and to the return into U mode.`,
    `The other ${free.length} accesses that S mode may make and U mode may not touch registers of S mode alone, which the monitor swaps together with the guest.`,
    "Loads, stores and fetches depend on SUM, MXR, MPRV and on translation. Popek and Goldberg set such memory traps apart: the monitor's own page tables emulate them. Compressed instructions abbreviate the others and are not listed.",
  ];
}

function tableOf(findings: readonly Finding[]): TableSection {
  const reasons = [...new Set(findings.flatMap((finding) => reasonOf(finding) ?? []))];
  return {
    name: "popek-goldberg",
    title: "Popek and Goldberg, checked by machine",
    intro: INTRO,
    columns: [
      { key: "instructions", title: "Instructions" },
      { key: "count", title: "Count" },
      { key: "table", title: "Table" },
      { key: "u", title: "Traps in U" },
      { key: "s", title: "Traps in S" },
      { key: "m", title: "Traps in M" },
      { key: "depends", title: "Depends on" },
      { key: "memory", title: "Memory access depends on" },
      { key: "changes", title: "Changes" },
      { key: "class", title: "Class" },
      { key: "reason", title: "No obstacle, see below" },
    ],
    rows: grouped(findings).map((group) => rowOf(group, reasons)),
    notes: [...conclusions(findings), ...reasons.map((reason, index) => `(${letter(index)}) ${reason}`)],
  };
}

/** One CSR access of each form and all instructions when quick, else every CSR. */
function subjects(quick: boolean): Subject[] {
  const accesses = csrSubjects();
  const some = new Set([
    "sstatus",
    "satp",
    "sscratch",
    "sie",
    "mstatus",
    "mscratch",
    "cycle",
    "time",
    "fcsr",
    "stimecmp",
  ]);
  return [...instructionSubjects(), ...accesses.filter(({ csr }) => !quick || some.has(csr!))];
}

export const popekGoldberg: Section = {
  name: "popek-goldberg",
  title: "Popek and Goldberg's classes of all instructions, found by executing them",
  async produce({ quick, progress, signal }: SectionContext) {
    const all = subjects(quick);
    const findings = await tryAll(all, (done) => progress(`instruction ${done} of ${all.length}`), signal);
    const voided = findings
      .filter(({ subject, verdict }) => isException(verdict) && explanation(subject, verdict) === undefined)
      .map(
        ({ subject }) =>
          `popek-goldberg: ${subject.name} is sensitive, does not always trap in U mode, and is not explained`,
      );
    return { tables: [tableOf(findings)], voided };
  },
};
