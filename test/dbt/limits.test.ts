/** What is too large or too much for the translator: it is interpreted, or makes room, and runs on. */

import { describe, expect, test } from "vitest";
import type { TranslatorSettings } from "../../src/core/translator.ts";
import type { TestMachineOptions } from "../support/core.ts";
import { runHot } from "./hot-machine.ts";

describe("a guest of very many functions", () => {
  const COUNT = 1500;
  const functions = Array.from(
    { length: COUNT },
    (_, i) => `f${i}: addi a0, a0, ${i % 7}; xori a1, a0, ${i % 11}; add a2, a2, a1; ret`,
  );
  const calls = (skip: number) =>
    Array.from({ length: COUNT }, (_, i) => (i % skip === 0 ? `la t0, f${i}; jalr ra, 0(t0)` : "")).join("\n");
  const source = `
    li s0, 12
  loop:
    ${calls(1)}
    addi s0, s0, -1
    beqz s0, end
    j loop
  end: j end
  ${functions.join("\n")}
  `;

  const cases: [string, Partial<TranslatorSettings>, Partial<TestMachineOptions>][] = [
    ["with room for all of them", { regions: 65_536, modules: 65_536 }, {}],
    ["with room for a few regions", { regions: 16 }, {}],
    ["with room for a few modules", { modules: 3 }, {}],
    ["with room for little code", { bytes: 65_536 }, {}],
    ["with room for few decoded pages", {}, { codePages: 5 }],
  ];

  test.each(cases)("%s", async (_, budget, machine) => {
    const { ended } = await runHot(source, {
      slices: 200,
      translator: { hotThreshold: 4, ...budget },
      ...machine,
    });
    expect(ended).toBe(true);
  });
});

test("a loop longer than a region", async () => {
  const body = Array.from({ length: 5000 }, (_, i) => `addi a${i % 6}, a${(i + 1) % 6}, ${i % 100}`).join("\n");
  const { ended } = await runHot(`
    li s0, 20
  loop:
    ${body}
    addi s0, s0, -1
    beqz s0, end
    j loop
  end: j end
  `);
  expect(ended).toBe(true);
});

test("a switch with more targets than a region has blocks", async () => {
  const cases = Array.from(
    { length: 400 },
    (_, i) => `case${i}: addi a0, a0, ${i}; add a1, a1, a0; xori a0, a0, ${i}; j loop`,
  );
  const { machine } = await runHot(
    `
      la s1, case0
      li s2, 400
    loop:
      addi s3, s3, 1
      remu t0, s3, s2
      slli t0, t0, 4
      add t0, t0, s1
      jr t0
      ${cases.join("\n")}
    `,
    { slices: 60 },
  );
  expect(machine.hart().x(19)).toBeGreaterThan(10_000n);
});

test("modules that the engine refuses are counted, and their code is interpreted", async () => {
  const refusing: number[] = [];
  const { machine, ended } = await runHot(
    `
      li s0, 30000
    loop:
      addi a0, a0, 1
      addi s0, s0, -1
      bnez s0, loop
      li s0, 30000
    more:
      addi a0, a0, 2
      addi s0, s0, -1
      bnez s0, more
    end: j end
    `,
    {
      between: ({ core }, slice) => {
        if (slice !== 3) return;
        core.code.connect({ ...core, dbt_load: undefined } as never);
        refusing.push(slice);
      },
    },
  );
  expect(ended).toBe(true);
  expect(refusing).toEqual([3, 3]);
  expect(machine.core.code.counters.refused).toBeGreaterThan(0);
  expect(machine.hart().x(10)).toBe(90_000n);
});

test("a loop through code farther away than an exit can name", async () => {
  const { ended } = await runHot(`
    li s0, 3000
  loop:
    addi a0, a0, 3
    j away
  back:
    addi s0, s0, -1
    bnez s0, loop
  end: j end
  .zero 0xc0000
  away:
    xori a0, a0, 5
    j back
  `);
  expect(ended).toBe(true);
});
