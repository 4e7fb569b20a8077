import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/options.ts";
import { WasmvisorError } from "../../src/index.ts";

const run = (...args: string[]) => {
  const command = parseCommandLine(["run", ...args]);
  if (command.kind !== "run") throw new Error(`not a run: ${command.kind}`);
  return command.options;
};

function sentenceOf(...args: string[]): string {
  try {
    parseCommandLine(args);
  } catch (error) {
    expect(error).toBeInstanceOf(WasmvisorError);
    expect((error as WasmvisorError).code).toBe("usage");
    return (error as WasmvisorError).message;
  }
  throw new Error("it was accepted");
}

describe("wasmvisor run", () => {
  test("understands every option", () => {
    const options = run(
      ...["--kernel", "Image", "--initrd", "initrd", "--append", "console=ttyS0 quiet", "--bios", "fw.bin"],
      ...["--dtb", "board.dtb", "-m", "1G", "--smp", "4", "--engine", "interpret", "--deterministic"],
      ...["--timeout", "1.5", "--exit-on", "^login:", "--signature", "out.sig", "--stats"],
    );
    expect(options).toEqual({
      vm: {
        kernel: "Image",
        initrd: "initrd",
        append: "console=ttyS0 quiet",
        bios: "fw.bin",
        dtb: "board.dtb",
        memory: "1G",
        harts: 4,
        engine: "interpret",
        clock: "deterministic",
      },
      timeout: 1.5,
      exitOn: /^login:/m,
      signature: "out.sig",
      stats: "text",
    });
  });

  test("leaves out what was not given", () => {
    expect(run("guest.elf")).toEqual({ vm: { kernel: "guest.elf" } });
  });

  test("takes values after = and options after the kernel", () => {
    expect(run("guest.elf", "--memory=64M", "--append=--odd")).toEqual({
      vm: { kernel: "guest.elf", memory: "64M", append: "--odd" },
    });
  });
});

describe("--lockstep", () => {
  test("takes the number of instructions to compare", () => {
    expect(run("--lockstep", "--instructions", "1e6", "guest.elf")).toMatchObject({
      lockstep: true,
      instructions: 1e6,
    });
    expect(run("--lockstep", "guest.elf").instructions).toBeUndefined();
    expect(run("guest.elf").lockstep).toBeUndefined();
  });
});

describe("--stats", () => {
  test("may have a form as its value, and takes no kernel for one", () => {
    expect(run("--stats=json", "guest.elf").stats).toBe("json");
    expect(run("--stats", "guest.elf")).toMatchObject({ stats: "text", vm: { kernel: "guest.elf" } });
  });
});

describe("help and version", () => {
  test.each([
    [[], { kind: "help", topic: "wasmvisor" }],
    [["--help"], { kind: "help", topic: "wasmvisor" }],
    [["help", "run"], { kind: "help", topic: "run" }],
    [["run", "--help"], { kind: "help", topic: "run" }],
    [["run", "x", "-h"], { kind: "help", topic: "run" }],
    [["--version"], { kind: "version" }],
    [["run", "--version"], { kind: "version" }],
  ])("%j", (args, command) => {
    expect(parseCommandLine(args)).toEqual(command);
  });
});

describe("a mistake gets one sentence that names it", () => {
  test.each([
    [["fly"], '"fly"'],
    [["run", "--flavour", "x"], "--flavour"],
    [["run", "-q"], "-q"],
    [["run", "--kernel"], "--kernel"],
    [["run", "--stats=yes"], "--stats"],
    [["run", "--instructions", "5", "guest.elf"], "--instructions goes with --lockstep"],
    [["run", "--lockstep", "--instructions", "1.5", "guest.elf"], "--instructions takes a whole number"],
    [["run", "a.elf", "b.elf"], '"b.elf"'],
    [["run", "a.elf", "--kernel", "b.elf"], '"a.elf"'],
    [["run", "--smp", "0"], "--smp"],
    [["run", "--smp", "9"], "--smp"],
    [["run", "--smp", "2.5"], "--smp"],
    [["run", "--smp", "two"], '"two"'],
    [["run", "--engine", "steam"], '"steam"'],
    [["run", "--timeout", "soon"], '"soon"'],
    [["run", "--timeout", "0"], "--timeout"],
    [["run", "--timeout", "1e99"], "--timeout"],
    [["run", "--exit-on", "("], '"("'],
  ])("%j", (args, named) => {
    const sentence = sentenceOf(...args);
    expect(sentence).toContain(named);
    expect(sentence).toMatch(/^[A-Z"-].*\.$/);
  });
});
