import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { makeElf } from "../machine/loader/elf-maker.ts";
import { elfGuest, flatGuest, powerOff, PRINT, printText } from "../support/guest.ts";

const main = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

let folder: string;
const file = (name: string) => path.join(folder, name);

interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command; `act` may use the process while it runs. */
function wasmvisor(args: readonly string[], act?: (child: ChildProcess) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      stdio: [act === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout!.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    act?.(child);
  });
}

/** Calls `then` once when the process has printed `text`. */
function whenPrinted(child: ChildProcess, text: string, then: () => void): void {
  let seen = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    const before = seen.includes(text);
    seen += chunk.toString();
    if (!before && seen.includes(text)) then();
  });
}

const SPIN = "\nspin: j spin\n";
const bare = (name: string, ...args: string[]) => [
  "run",
  "--bios",
  "none",
  "-m",
  "2M",
  "--kernel",
  file(name),
  ...args,
];

const PANIC = "[    1.0] Kernel panic - not syncing: x\n---[ end Kernel panic - not syncing: x ]---\n";

const SIGNATURE = `
  li t1, 1
  la t0, tohost
  sd t1, 0(t0)
  stay: j stay
  .align 6
  tohost: .dword 0
  begin_signature: .word 0xcafe, 0xf00d0000
  end_signature: .word 0
`;

beforeAll(async () => {
  await buildDist();
  folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-cli-"));
  const guests: Record<string, Uint8Array> = {
    "ok.bin": flatGuest(printText("Hello\n") + powerOff()),
    "fail.bin": flatGuest(printText("oh") + powerOff(7)),
    "spin.bin": flatGuest(printText("ready\n") + SPIN),
    "storm.bin": flatGuest("csrw mtvec, zero\nebreak"),
    "nowhere.bin": flatGuest("li t0, 0x123456789000\njr t0"),
    "panic.bin": flatGuest(printText(PANIC) + SPIN),
    "panic-off.bin": flatGuest(printText("Kernel panic - not syncing: x\n") + powerOff(0)),
    "reset.bin": flatGuest(`${printText("once\n")}\nli t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nstay: j stay`),
    "echo.bin": flatGuest(`
      ${printText(">")}
      li s0, 0x10000000
      li s1, 4
      wait:
      lbu t1, 5(s0)
      andi t1, t1, 1
      beqz t1, wait
      lbu a0, 0(s0)
      ${PRINT}
      addi s1, s1, -1
      bnez s1, wait
      ${powerOff()}`),
    "signature.elf": elfGuest(SIGNATURE),
    "x86.elf": makeElf({ machine: 62, pieces: [{ paddr: 0x8000_0000n, bytes: new Uint8Array(4) }] }),
    "large.bin": new Uint8Array(3 * 2 ** 20).fill(1),
    "bad.dtb": Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed, 0, 0),
    empty: new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(guests)) await writeFile(file(name), bytes);
}, 600_000);

afterAll(() => rm(folder, { recursive: true }));

describe("wasmvisor run", () => {
  test("shows the guest's output and ends with its exit code", async () => {
    expect(await wasmvisor(bare("ok.bin"))).toEqual({ code: 0, signal: null, stdout: "Hello\n", stderr: "" });
    expect(await wasmvisor(bare("fail.bin"))).toMatchObject({ code: 7, stdout: "oh", stderr: "" });
  });

  test("gives the guest what comes in on stdin", async () => {
    const result = await wasmvisor(bare("echo.bin"), (child) => {
      whenPrinted(child, ">", () => child.stdin!.end("ab\x01x"));
    });
    expect(result).toMatchObject({ code: 0, stdout: ">ab\x01x" });
  });

  test("gives up at the timeout with 124 and a sentence", async () => {
    const { code, stdout, stderr } = await wasmvisor(bare("spin.bin", "--timeout", "1"));
    expect({ code, stdout }).toEqual({ code: 124, stdout: "ready\n" });
    expect(stderr).toBe("wasmvisor: the guest has not ended within 1 s; give it more with --timeout\n");
  });

  test("ends with 0 when the output matches, in pieces and at the guest's very end too", async () => {
    expect(await wasmvisor(bare("spin.bin", "--exit-on", "^re.dy$"))).toMatchObject({ code: 0, stderr: "" });
    expect(await wasmvisor(bare("fail.bin", "--exit-on", "o.?h"))).toMatchObject({ code: 0, stdout: "oh" });
  });

  test("says when the guest ends without the output that was waited for", async () => {
    const result = await wasmvisor(bare("ok.bin", "--exit-on", "Goodbye"));
    expect(result).toMatchObject({ code: 1, stdout: "Hello\n" });
    expect(result.stderr).toMatch(/^wasmvisor: the guest ended before its output matched \/Goodbye\/m\n$/);
    expect(await wasmvisor(bare("fail.bin", "--exit-on", "Goodbye"))).toMatchObject({ code: 7 });
  });

  test("prints statistics to stderr", async () => {
    const { code, stderr } = await wasmvisor(bare("ok.bin", "--stats"));
    expect(code).toBe(0);
    for (const line of [/^instructions +\d+$/m, /^MIPS +\d+\.\d$/m, /^traps +0$/m, /^time +\d+\.\d+ s/m]) {
      expect(stderr).toMatch(line);
    }
  });

  test("writes the signature", async () => {
    const signature = file("out.sig");
    expect(await wasmvisor(["run", file("signature.elf"), "--signature", signature])).toMatchObject({ code: 0 });
    expect(await readFile(signature, "utf8")).toBe("0000cafe\nf00d0000\n");
  });

  test("repeats itself exactly with --deterministic", async () => {
    const once = async () => (await wasmvisor(bare("ok.bin", "--deterministic", "--stats"))).stderr.split("\n")[0];
    expect(await once()).toBe(await once());
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("ends on %s as shells expect", async (name) => {
    const number = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 }[name];
    const result = await wasmvisor(bare("spin.bin"), (child) => {
      whenPrinted(child, "ready", () => child.kill(name));
    });
    expect(result).toMatchObject({ code: 128 + number, stdout: "ready\n", stderr: "" });
  });

  test.each([
    { by: "the timeout", args: ["--timeout", "1"], code: 124 },
    { by: "a signal", args: [], code: 143 },
  ])("is ended by $by though its output waits for a reader", async ({ args, code }) => {
    await writeFile(file("flood.bin"), flatGuest(`again:\n${printText("x\n")}\nj again`));
    const child = spawn(process.execPath, [main, ...bare("flood.bin", ...args)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    // More than the pipe holds is there by then, and nobody reads it.
    if (args.length === 0) child.stdout.once("readable", () => setTimeout(() => child.kill("SIGTERM"), 1000));
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(code);
    child.stdout.destroy();
  });

  test("ends when nobody reads its output any more", async () => {
    const script = `"$0" "$1" run --bios none -m 2M "$2" | head -c 1; echo "\${PIPESTATUS[0]}"`;
    await writeFile(file("chatter.bin"), flatGuest(`again:\n${printText("x\n")}\nj again`));
    const output = await new Promise<string>((resolve, reject) => {
      const child = spawn("bash", ["-c", script, process.execPath, main, file("chatter.bin")]);
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.on("error", reject);
      child.on("close", () => resolve(text));
    });
    expect(output).toBe("x141\n");
  });
});

describe("the loading of images", () => {
  beforeAll(() => execFileSync("mkfifo", [file("pipe")]));

  /** A pipe that nobody writes to: the command waits for it until it is told otherwise. */
  const waiting = (...args: string[]) => bare("ok.bin", "--initrd", file("pipe"), ...args);

  test("is ended by the timeout", async () => {
    const { code, stderr } = await wasmvisor(waiting("--timeout", "1"));
    expect(code).toBe(124);
    expect(stderr).toMatch(/^wasmvisor: the guest has not ended within 1 s/);
  });

  test("is ended by a signal", async () => {
    // The file is there when it is listening to signals.
    const begun = file("loading.svg");
    const result = await wasmvisor(waiting("--profile", begun), (child) => {
      const timer = setInterval(() => {
        if (!existsSync(begun)) return;
        clearInterval(timer);
        child.kill("SIGTERM");
      }, 20);
    });
    expect(result).toMatchObject({ code: 143, stdout: "", stderr: "" });
  });

  test("goes on when somebody writes to the pipe after all", async () => {
    const result = wasmvisor(waiting(), () => setTimeout(() => void writeFile(file("pipe"), "initrd"), 500));
    expect(await result).toMatchObject({ code: 0, stdout: "Hello\n" });
  });
});

describe("a result that cannot be written", () => {
  test.each(["--signature", "--profile"])("%s is refused before the guest runs", async (option) => {
    const { code, stdout, stderr } = await wasmvisor([
      "run",
      file("signature.elf"),
      option,
      path.join(folder, "no", "x"),
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/cannot be written \(ENOENT\); name another\.\n$/);
  });

  test("leaves no empty file behind, and one that was there as it was", async () => {
    const [fresh, old] = [file("fresh.sig"), file("old.sig")];
    await writeFile(old, "precious");
    for (const target of [fresh, old]) expect((await wasmvisor(bare("ok.bin", "--signature", target))).code).toBe(2);
    await expect(access(fresh)).rejects.toThrow();
    expect(await readFile(old, "utf8")).toBe("precious");
    expect((await wasmvisor(["run", file("signature.elf"), "--signature", old])).code).toBe(0);
    expect(await readFile(old, "utf8")).toBe("0000cafe\nf00d0000\n");
  });
});

describe("a kernel that panics", () => {
  const dead = () => bare("panic.bin", "--timeout", "20");

  test("ends the run with 101 and a sentence, after all that it has to say", async () => {
    const { code, stdout, stderr } = await wasmvisor(dead());
    expect({ code, stdout }).toEqual({ code: 101, stdout: PANIC });
    expect(stderr).toBe("wasmvisor: the guest's kernel has panicked; with --on-panic run it goes on\n");
  });

  test("goes on with --on-panic run", async () => {
    const { code } = await wasmvisor([...bare("panic.bin", "--timeout", "2"), "--on-panic", "run"]);
    expect(code).toBe(124);
  });

  test("is no panic to somebody who waits for its words", async () => {
    expect(await wasmvisor([...dead(), "--exit-on", "end Kernel panic"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("has panicked also when it ends by itself", async () => {
    const { code, stderr } = await wasmvisor(bare("panic-off.bin"));
    expect(code).toBe(101);
    expect(stderr).toMatch(/has panicked/);
  });
});

test("--no-reboot ends with 0 where the guest would begin again", async () => {
  const { code, stdout } = await wasmvisor(bare("reset.bin", "-no-reboot", "--timeout", "20"));
  expect({ code, stdout }).toEqual({ code: 0, stdout: "once\n" });
});

test("without arguments, and without people, the bundled guest checks the machine", async () => {
  const { code, stdout } = await wasmvisor([]);
  expect(code).toBe(0);
  expect(stdout).toContain("selfcheck");
});

describe("a guest that goes wrong", () => {
  test.each(["nowhere.bin", "storm.bin"])("%s traps for ever, and the timeout ends it", async (name) => {
    const { code, stderr } = await wasmvisor(bare(name, "--timeout", "2"));
    expect(code).toBe(124);
    expect(stderr).toMatch(/^wasmvisor: hart 0 does nothing but trap \(at 0x0\); it runs on\n/);
  });
});

describe("bad input gets one sentence and exit code 2", () => {
  const cases: readonly (readonly [what: string, args: () => string[]])[] = [
    ["a missing file", () => ["run", file("missing.elf")]],
    ["a missing initrd", () => bare("ok.bin", "--initrd", file("missing"))],
    ["missing firmware", () => ["run", "--bios", file("missing"), file("ok.bin")]],
    ["a folder", () => ["run", folder]],
    ["an empty file", () => ["run", file("empty")]],
    ["an ELF file for another machine", () => ["run", file("x86.elf")]],
    ["an image that does not fit", () => ["run", "--bios", "none", "-m", "2M", file("large.bin")]],
    ["an initrd that does not fit", () => bare("ok.bin", "--initrd", file("large.bin"))],
    ["an impossible size", () => ["run", "-m", "lots", file("ok.bin")]],
    ["more memory than there is", () => ["run", "-m", "64G", file("ok.bin")]],
    ["no memory", () => ["run", "-m", "0", file("ok.bin")]],
    ["too many harts", () => ["run", "--smp", "99", file("ok.bin")]],
    ["an unknown option", () => ["run", "--turbo", file("ok.bin")]],
    ["an option without its value", () => ["run", "--kernel"]],
    ["an unknown command", () => ["boot"]],
    ["an unknown engine", () => ["run", "--engine", "steam", file("ok.bin")]],
    ["a pattern that is none", () => bare("ok.bin", "--exit-on", "(")],
    ["a malformed device tree", () => bare("ok.bin", "--dtb", file("bad.dtb"))],
    ["a signature of a program that has none", () => bare("ok.bin", "--signature", file("none.sig"))],
    [
      "a signature that cannot be written",
      () => ["run", file("signature.elf"), "--signature", path.join(folder, "no", "x")],
    ],
    ["a disk that is not there", () => ["run", "-drive", `file=${file("missing.img")}`, "-kernel", file("ok.bin")]],
    ["a disk of a PC", () => ["run", "-hda", "x", "-kernel", file("ok.bin")]],
    ["nothing to run", () => ["run"]],
  ];

  test.each(cases)("%s", async (_, args) => {
    const { code, stdout, stderr } = await wasmvisor(args());
    expect(stderr).toMatch(/^wasmvisor: [A-Z"-].*\.\n$/);
    expect(stderr).not.toContain("    at ");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe.skipIf(process.getuid?.() === 0)("a file that may not be read", () => {
  test("gets one sentence and exit code 2", async () => {
    await writeFile(file("secret.bin"), "x", { mode: 0 });
    const { code, stderr } = await wasmvisor(["run", file("secret.bin")]);
    expect(stderr).toMatch(/cannot be read; check its permissions\.\n$/);
    expect(code).toBe(2);
  });
});

describe("help", () => {
  test("is printed for people who ask", async () => {
    const { code, stdout } = await wasmvisor(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("wasmvisor run");
    const options = (await wasmvisor(["run", "--help"])).stdout;
    for (const option of [
      "kernel",
      "initrd",
      "append",
      "bios",
      "memory",
      "smp",
      "engine",
      "timeout",
      "exit-on",
      "signature",
    ]) {
      expect(options).toContain(`--${option}`);
    }
  });

  test("--version prints the version of the package", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await wasmvisor(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

describe("--lockstep", () => {
  const counting = (rounds: number) =>
    flatGuest(`li s0, ${rounds}; loop: addi s0, s0, -1; bnez s0, loop; ${printText("ok")}; ${powerOff(3)}`);

  test("ends with 0 when both engines do the same, and says how much of it was translated", async () => {
    await writeFile(file("counting.bin"), counting(500_000));
    const { code, stdout, stderr } = await wasmvisor(bare("counting.bin", "--lockstep"));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ok" });
    expect(stderr).toMatch(/^wasmvisor: 10000\d\d instructions are the same .* the guest ended with 3 \(poweroff\)$/m);
    expect(stderr).toMatch(/^wasmvisor: 9\d\.\d% of them were translated, in \d+ regions$/m);
  });

  test("ends with 1 when nothing was translated", async () => {
    await writeFile(file("short.bin"), counting(10));
    const { code, stderr } = await wasmvisor(bare("short.bin", "--lockstep"));
    expect(code).toBe(1);
    expect(stderr).toContain("none of them were translated");
  });

  test("is refused for the interpreter with itself", async () => {
    const { code, stderr } = await wasmvisor(bare("short.bin", "--lockstep", "--engine", "interpreter"));
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "wasmvisor: Lock-step compares the interpreter with tiered or translator.\n",
    });
  });
});

test("the engine optimizes a few functions, not all that were hot for a moment, whatever node is used", () => {
  const mix = fileURLToPath(new URL("../../guests/bin/mix.elf", import.meta.url));
  const run = ["run", "--bios", "none", "-m", "64M", "--kernel", mix, "--append", "scale=20"];
  const optimized = (...flags: readonly string[]) =>
    execFileSync(process.execPath, ["--trace-wasm-compilation-times", ...flags, main, ...run], {
      encoding: "utf8",
    }).split("using TurboFan").length - 1;
  const early = optimized("--wasm-tiering-budget=1800000");
  expect(early).toBeGreaterThan(10);
  expect(optimized()).toBeLessThan(0.75 * early);
});
