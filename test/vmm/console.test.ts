import { describe, expect, test } from "vitest";
import { VmConsole } from "../../src/vmm/console.ts";
import { code } from "../support/expected.ts";

function consoleWithOutput() {
  const chunks: string[] = [];
  const console = new VmConsole((bytes) => chunks.push(Buffer.from(bytes).toString()));
  const print = (text: string) => {
    for (const byte of Buffer.from(text)) console.backend.write(byte);
    console.flush();
  };
  return { console, chunks, print };
}

describe("waitFor", () => {
  test("finds text that is printed later, in pieces", async () => {
    const { console, print } = consoleWithOutput();
    const found = console.waitFor("login: ");
    print("Debian lo");
    print("gin: and more");
    expect(await found).toEqual({ text: "login: ", before: "Debian ", groups: [] });
    expect(console.pending).toBe("and more");
  });

  test("finds text that was printed before, once", async () => {
    const { console, print } = consoleWithOutput();
    print("ok ok");
    expect((await console.waitFor("ok")).before).toBe("");
    expect((await console.waitFor("ok")).before).toBe(" ");
    await expect(console.waitFor("ok", 1)).rejects.toThrow(code("console-timeout"));
  });

  test("takes patterns and returns their groups", async () => {
    const { console, print } = consoleWithOutput();
    print("nproc = 4\n");
    const { text, groups } = await console.waitFor(/nproc = (\d+)( cpus)?/g);
    expect({ text, groups }).toEqual({ text: "nproc = 4", groups: ["4", undefined] });
  });

  test("treats text as text, not as a pattern", async () => {
    const { console, print } = consoleWithOutput();
    const found = console.waitFor("a.c (1)");
    print("abc (1) a.c (1)");
    expect((await found).before).toBe("abc (1) ");
  });

  test("lets several wait at once: the first that is printed wins a race", async () => {
    const { console, print } = consoleWithOutput();
    const panic = console.waitFor("panic");
    const race = Promise.race([panic, console.waitFor("login:")]);
    print("Debian login:");
    expect((await race).text).toBe("login:");
    print(" panic");
    expect((await panic).before).toBe("Debian login: ");
    expect(console.pending).toBe("");
  });

  test("looks back at a MiB at most", async () => {
    const { console, print } = consoleWithOutput();
    print("first ");
    print("x".repeat(2 ** 20));
    await expect(console.waitFor("first", 1)).rejects.toThrow(code("console-timeout"));
    expect((await console.waitFor(/x+/)).text).toHaveLength(2 ** 20);
  });

  test("gives up after its time with what was printed last", async () => {
    const { console, print } = consoleWithOutput();
    print("Kernel panic");
    await expect(console.waitFor("login:", 5)).rejects.toThrow(/within 5 ms; it last printed "Kernel panic"/);
  });

  test("gives up when the VM ends", async () => {
    const { console } = consoleWithOutput();
    const waiting = console.waitFor("x");
    console.close("poweroff, code 3", false);
    await expect(waiting).rejects.toThrow(code("console-closed"));
    await expect(console.waitFor("y")).rejects.toThrow(/poweroff, code 3/);
    console.reopen();
    await expect(console.waitFor("y", 1)).rejects.toThrow(code("console-timeout"));
  });

  test("joins characters whose bytes come apart", async () => {
    const { console } = consoleWithOutput();
    const found = console.waitFor("→");
    for (const byte of Buffer.from("→")) {
      console.backend.write(byte);
      console.flush();
    }
    expect((await found).text).toBe("→");
  });
});

describe("output", () => {
  test("arrives as chunks at the listener and in the stream", async () => {
    const { console, chunks, print } = consoleWithOutput();
    const reader = console.output.getReader();
    const first = reader.read();
    print("one");
    print("two");
    expect(Buffer.from((await first).value!).toString()).toBe("one");
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("two");
    expect(chunks).toEqual(["one", "two"]);
  });

  test("ends when the VM is destroyed, after everything that was printed", async () => {
    const { console, print } = consoleWithOutput();
    const reader = console.output.getReader();
    print("bye");
    console.close("it was destroyed", true);
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("bye");
    expect((await reader.read()).done).toBe(true);
  });

  test("holds the guest up while a reader is a MiB behind, and no longer", async () => {
    const { console, print } = consoleWithOutput();
    const reader = console.output.getReader();
    print("x".repeat(2 ** 20));
    expect(console.congested).toBe(true);
    const drained = console.drained();
    await reader.read();
    await drained;
    expect(console.congested).toBe(false);
  });

  test("is kept to the last MiB when nobody reads", async () => {
    const { console, print } = consoleWithOutput();
    for (let index = 0; index < 40; index++) print(String.fromCharCode(65 + index).repeat(2 ** 16));
    expect(console.congested).toBe(false);
    const reader = console.output.getReader();
    const { value } = await reader.read();
    expect(value![0]).toBe(65 + 40 - 16);
  });

  test("goes on for others when its reader cancels", async () => {
    const { console, chunks, print } = consoleWithOutput();
    await console.output.cancel();
    print("still here");
    expect(chunks).toEqual(["still here"]);
  });
});

describe("input", () => {
  test("waits until the UART has room, in order", async () => {
    const { console } = consoleWithOutput();
    const taken: number[] = [];
    let room = 3;
    console.backend.onInput((bytes) => {
      const count = Math.min(room, bytes.length);
      taken.push(...bytes.subarray(0, count));
      room -= count;
      return count;
    });
    let finished = 0;
    const first = console.write("ab").then(() => finished++);
    const second = console.write(Uint8Array.of(99, 100)).then(() => finished++);
    await first;
    expect(finished).toBe(1);
    room = 3;
    console.backend.ready();
    await second;
    expect(Buffer.from(taken).toString()).toBe("abcd");
  });

  test("comes by the stream as well", async () => {
    const { console } = consoleWithOutput();
    const taken: number[] = [];
    console.backend.onInput((bytes) => taken.push(...bytes) && bytes.length);
    const writer = console.input.getWriter();
    await writer.write("ls\n");
    expect(Buffer.from(taken).toString()).toBe("ls\n");
  });

  test("fails when the VM ends before the guest has taken it, and afterwards, until it runs again", async () => {
    const { console } = consoleWithOutput();
    const taken: number[] = [];
    console.backend.onInput((bytes) => (taken.length === 0 ? taken.push(bytes[0]!) : 0));
    const before = console.write("ab");
    console.close("poweroff, code 3", false);
    await expect(before).rejects.toThrow(code("console-closed"));
    await expect(console.write("c")).rejects.toThrow(/poweroff, code 3/);
    await expect(console.write("")).rejects.toThrow(code("console-closed"));
    console.reopen();
    taken.length = 0;
    await console.write("d");
    expect(Buffer.from(taken).toString()).toBe("d");
  });

  test("by the stream is lost while the guest has ended, and fails when the VM is destroyed", async () => {
    const { console } = consoleWithOutput();
    const writer = console.input.getWriter();
    const before = writer.write("a");
    console.close("poweroff, code 0", false);
    await before;
    await writer.write("b");
    console.reopen();
    const taken: number[] = [];
    console.backend.onInput((bytes) => taken.push(...bytes) && bytes.length);
    await writer.write("c");
    expect(Buffer.from(taken).toString()).toBe("c");
    console.close("it was destroyed", true);
    await expect(writer.write("d")).rejects.toThrow(code("console-closed"));
  });
});

describe("a guest that prints", () => {
  test("is told to wait after each 64 KiB, whatever has been handed over meanwhile", () => {
    let full = 0;
    const console = new VmConsole(
      () => undefined,
      () => full++,
    );
    const print = (count: number) => {
      for (let index = 0; index < count; index++) console.backend.write(65);
    };
    print(2 ** 16 - 1);
    console.flush();
    expect([full, console.full]).toEqual([0, false]);
    print(1);
    expect([full, console.full]).toEqual([1, true]);
    console.relieve();
    expect(console.full).toBe(false);
    print(2 ** 16);
    expect([full, console.full]).toEqual([2, true]);
  });
});
