/** The bundled guests in lock-step. */

import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { lockstep } from "../../src/index.ts";

const folder = new URL("../../guests/bin/", import.meta.url);
/** The demo has a test of its own; the agent is a program for Linux. */
const OTHERS = ["demo.elf", "agent.elf"];
const workloads = readdirSync(folder).filter((name) => name.endsWith(".elf") && !OTHERS.includes(name));

const SHORT = { slices: { least: 3000, most: 300_000 } };

test.each(workloads)("%s does the same on both engines", async (name) => {
  const config = { memory: "64M", bios: "none", kernel: new URL(name, folder), append: "1" } as const;
  const result = await lockstep(config, { ...SHORT, instructions: 5e6 });
  expect(result.difference?.text).toBeUndefined();
  // System calls and what surrounds them are interpreted, and one comes every few dozen instructions there.
  const share = name === "syscalls.elf" ? 0.25 : 0.5;
  expect(result.translated).toBeGreaterThan(share * result.instructions);
});

test.each([1, 4])("the demo's self-check does the same on both engines, with %i harts", async (harts) => {
  const config = { memory: "64M", harts, kernel: new URL("demo.elf", folder), append: "selfcheck" };
  const result = await lockstep(config, { slices: { least: 3000, most: 50_000 }, instructions: 2e7 });
  expect(result.difference?.text).toBeUndefined();
  expect(result.translated).toBeGreaterThan(0.1 * result.instructions);
});
