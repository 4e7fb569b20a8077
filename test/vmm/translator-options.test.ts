import { afterEach, describe, expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Sensitive, Translate } from "../../assembly/shared/constants.ts";
import { DEFAULT_TRANSLATOR } from "../../src/core/translator.ts";
import { Host, TRANSLATOR_SWITCHES, type TranslatorOptions, WasmvisorError } from "../../src/index.ts";
import { checkTranslator } from "../../src/vmm/translator-options.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

function refusal(options: unknown): WasmvisorError {
  try {
    checkTranslator(options as TranslatorOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(WasmvisorError);
    return error as WasmvisorError;
  }
  throw new Error("it was accepted");
}

describe("translator options", () => {
  test("are all on, and nothing is counted, unless asked for otherwise", () => {
    expect(checkTranslator()).toEqual(DEFAULT_TRANSLATOR);
    expect(checkTranslator({})).toMatchObject({ mechanisms: Translate.ALL });
  });

  test("have one switch for each bit of Translate, and each moves its own bit alone", () => {
    const bits = TRANSLATOR_SWITCHES.map((name) => {
      const on = checkTranslator({ [name]: true }, { hasRelaxedMadd: true }).mechanisms;
      const off = checkTranslator({ [name]: false }, { hasRelaxedMadd: true }).mechanisms;
      return on ^ off;
    });
    expect(bits.every((bit) => bit !== 0 && (bit & (bit - 1)) === 0)).toBe(true);
    expect(bits.reduce((all, bit) => all | bit, 0)).toBe(Translate.ALL | Translate.COUNT | Translate.RELAXED_MADD);
    expect(new Set(bits).size).toBe(bits.length);
  });

  test("ask for the engine's own multiply-add where there is one alone", () => {
    const relaxed = (options: TranslatorOptions, hasRelaxedMadd: boolean) =>
      (checkTranslator(options, { hasRelaxedMadd }).mechanisms & Translate.RELAXED_MADD) !== 0;
    expect([relaxed({}, true), relaxed({}, false), relaxed({ relaxedMadd: true }, false)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(relaxed({ relaxedMadd: false }, true)).toBe(false);
  });

  test("take thresholds and budgets", () => {
    const options = {
      hotThreshold: 1,
      maxRegionInstructions: 20,
      codeCache: { regions: 16, modules: 4, bytes: 65_536 },
    };
    const { regions, modules, bytes } = options.codeCache;
    expect(checkTranslator(options)).toMatchObject({
      hotThreshold: 1,
      maxRegionInstructions: 20,
      regions,
      modules,
      bytes,
    });
  });

  test.each([
    [{ magic: true }, "magic", /no option translator\.magic.*cache, chaining/],
    [{ toString: true }, "toString", /no option/],
    [{ window: "on" }, "window", /true or false/],
    [{ hotThreshold: 0 }, "hotThreshold", /1 to 1073741824/],
    [{ hotThreshold: 1.5 }, "hotThreshold", /whole number/],
    [{ maxRegionInstructions: 1201 }, "maxRegionInstructions", /1 to 1200/],
    [{ codeCache: { regions: 1 } }, "regions", /16 to 65536/],
    [{ codeCache: { bytes: "8M" } }, "bytes", /whole number/],
    [{ codeCache: { pages: 1 } }, "pages", /translator\.codeCache\.pages; use regions, modules, bytes/],
    [{ sensitive: "trap" }, "sensitive", /exit, callout, inline/],
    [{ sensitive: true }, "sensitive", /exit, callout, inline/],
    [{ codeCache: 7 }, "translator.codeCache", /is an object/],
    [null, "translator", /is an object/],
    ["fast", "translator", /is an object/],
  ])("%o is refused, naming %s", (options, key, sentence) => {
    const error = refusal(options);
    expect(error.code).toBe("translator");
    expect(error.message).toMatch(sentence);
    expect(error.data).toMatchObject({ key });
  });
});

describe("a VM with translator options", () => {
  const hosts: Host[] = [];
  afterEach(() => {
    for (const host of hosts.splice(0)) host.close();
  });

  test("hands them to the core", async () => {
    const host = await Host.create();
    hosts.push(host);
    const vm = await host.createVm({
      memory: "2M",
      bios: "none",
      kernel: flatGuest(powerOff()),
      engine: "tiered",
      translator: {
        inlining: false,
        count: true,
        sensitive: "callout",
        hotThreshold: 123,
        maxRegionInstructions: 45,
        codeCache: { regions: 67, modules: 8, bytes: 90_000 },
      },
    });
    const view = vm.machine.space.vm;
    const fields = ["hotThreshold", "maxInsns", "regionMax", "codeModulesMax", "codeBytesMax"] as const;
    expect(fields.map((field) => view.u32(VmField[field]))).toEqual([123, 45, 67, 8, 90_000]);
    expect(view.u32(VmField.sensitive)).toBe(Sensitive.CALLOUT);
    expect(view.u32(VmField.translate)).toBe((Translate.ALL | Translate.COUNT) & ~Translate.INLINING);
  });
});
