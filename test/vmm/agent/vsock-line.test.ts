import { expect, test } from "vitest";
import { VsockOp } from "../../../src/device/virtio/vsock/protocol.ts";
import { AGENT_VSOCK_PORT, VsockLine } from "../../../src/vmm/agent/vsock-line.ts";
import { VmPort } from "../../../src/vmm/ports.ts";
import { VsockRig } from "../../device/virtio/vsock-rig.ts";

/** A port whose far end is whatever connects to the agent's port; `rest` does what waits for the machine to be at rest. */
function line(): { driver: VsockRig; port: VmPort; vsockLine: VsockLine; rest: () => void; changes: boolean[] } {
  const [driver, port, changes] = [new VsockRig(), new VmPort({ name: "agent" }), [] as boolean[]];
  const acts: (() => void)[] = [];
  const whenAtRest = (act: () => void): void => void acts.push(act);
  port.whenAtRest = whenAtRest;
  port.onOpened = ({ open }) => void changes.push(open);
  const vsockLine = new VsockLine({ backend: port.backend, whenAtRest, device: () => driver.device });
  driver.device.onAccepted = (connection) => void vsockLine.accepted(connection);
  driver.offer();
  const rest = (): void => {
    for (const act of acts.splice(0)) act();
  };
  return { driver, port, vsockLine, rest, changes };
}

/** An agent's request; whether it was accepted. */
function connect({ driver, vsockLine }: ReturnType<typeof line>, from: number): boolean {
  const end = vsockLine.accept(from);
  driver.ends.delete(AGENT_VSOCK_PORT);
  if (end !== undefined) driver.ends.set(AGENT_VSOCK_PORT, end);
  driver.send(VsockOp.REQUEST, AGENT_VSOCK_PORT, from, { alloc: 100_000 });
  return driver.got().at(-1)!.op === VsockOp.RESPONSE;
}

test("only root's programs may be the agent, and one at a time", () => {
  const made = line();
  expect([connect(made, 1024), connect(made, 70_000), connect(made, 1023), connect(made, 1022)]).toEqual([
    ...[false, false, true, false],
  ]);
  expect(made.changes).toEqual([true]);
  made.driver.send(VsockOp.RST, AGENT_VSOCK_PORT, 1023);
  expect(made.changes).toEqual([true, false]);
  expect(connect(made, 1022)).toBe(true);
});

test("bytes go both ways in order; a guest whose bytes nobody reads waits", async () => {
  const made = line();
  const { driver, port, rest } = made;
  const text = (length: number, letter: string): string => letter.repeat(length);
  void port.write("before");
  connect(made, 1023);
  rest();
  expect(driver.got().map(({ data }) => data)).toEqual(["before"]);
  let sent = "";
  for (let i = 0; i < 64; i++) {
    const data = text(4096, "abcd"[i >> 4]!);
    sent += data;
    driver.send(VsockOp.RW, AGENT_VSOCK_PORT, 1023, { data });
  }
  rest();
  // 64 KiB wait in the port, the rest before it: the guest is told of the first alone.
  expect(driver.got()).toMatchObject([{ op: VsockOp.CREDIT_UPDATE, forwarded: 2 ** 16 }]);
  const reader = port.output.getReader();
  let read = "";
  while (read.length < sent.length) {
    const { value } = await reader.read();
    read += new TextDecoder().decode(value);
    rest();
  }
  expect(read === sent).toBe(true);
  expect(driver.got().at(-1)).toMatchObject({ forwarded: 2 ** 18 });
});

test("a guest that sends more than it may loses its line", () => {
  const made = line();
  connect(made, 1023);
  for (let i = 0; i < 70; i++) made.driver.send(VsockOp.RW, AGENT_VSOCK_PORT, 1023, { data: "x".repeat(4096) });
  expect(made.changes).toEqual([true, false]);
});
