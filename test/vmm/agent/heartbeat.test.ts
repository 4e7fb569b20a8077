import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AgentClient } from "../../../src/vmm/agent/client.ts";
import { Heartbeat, type Pulse } from "../../../src/vmm/agent/heartbeat.ts";
import { FrameType } from "../../../src/vmm/agent/protocol.ts";
import { checkWatchdog } from "../../../src/vmm/cure/watchdog.ts";
import { failureOf } from "../../support/failure.ts";
import { FakeAgent } from "./fake-agent.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A heartbeat of one second that misses three, with what its owner is told. */
function rig() {
  const vm = { pulse: { runs: true, waited: 0 } as Pulse, heard: 0, matters: true, pings: 0, hangs: [] as number[] };
  const heartbeat = new Heartbeat(
    {
      pulse: () => vm.pulse,
      heard: () => vm.heard,
      matters: () => vm.matters,
      ping: () => vm.pings++,
      onHang: (milliseconds) => vm.hangs.push(milliseconds),
    },
    { heartbeat: 1000, misses: 3, boot: 10_000 },
  );
  return { vm, heartbeat };
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

test("an agent that has answered, and misses its beats, hangs; one that answers does not", async () => {
  const { vm, heartbeat } = rig();
  for (let beat = 0; beat < 20; beat++) {
    vm.heard++;
    await seconds(1);
  }
  expect([vm.pings, vm.hangs]).toEqual([20, []]);
  await seconds(2);
  expect(vm.hangs).toEqual([]);
  await seconds(1);
  expect(vm.hangs).toEqual([3000]);
  heartbeat.stop();
  await seconds(100);
  expect(vm.hangs.length).toBe(1);
});

test("a guest that boots has longer", async () => {
  const { vm, heartbeat } = rig();
  await seconds(10);
  expect(vm.hangs).toEqual([]);
  await seconds(1);
  expect(vm.hangs.length).toBe(1);
  vm.heard++;
  await seconds(1);
  // The last word of the guest that it was, of which no beat has known yet.
  vm.heard++;
  heartbeat.booted();
  await seconds(9);
  expect(vm.hangs.length).toBe(1);
  await seconds(2);
  expect(vm.hangs.length).toBe(2);
});

test("time in which the VM is paused, waits for the thread, or the computer sleeps, is no silence", async () => {
  const { vm } = rig();
  vm.heard++;
  await seconds(1);
  vm.pulse = { runs: false, waited: 0 };
  await seconds(60);
  expect(vm.hangs).toEqual([]);
  vm.pulse = { runs: true, waited: 0 };
  await seconds(1);
  // Nine tenths of its time others run.
  for (let beat = 0; beat < 29; beat++) {
    vm.pulse = { runs: true, waited: vm.pulse.waited + 900 };
    await seconds(1);
  }
  expect(vm.hangs).toEqual([]);
  vm.pulse = { runs: true, waited: vm.pulse.waited + 900 };
  await seconds(2);
  expect(vm.hangs.length).toBe(1);
  // The clock jumps; the timer fires once.
  vm.heard++;
  await seconds(1);
  const now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => now + 3_600_000);
  await seconds(1);
  vi.mocked(performance.now).mockRestore();
  expect(vm.hangs.length).toBe(1);
});

test("silence that nobody waits for is none", async () => {
  const { vm } = rig();
  vm.heard++;
  await seconds(1);
  vm.matters = false;
  const { pings } = vm;
  await seconds(60);
  expect([vm.pings, vm.hangs]).toEqual([pings, []]);
});

test("a ping is answered by any answer, and there is one at a time", async () => {
  const agent = new FakeAgent();
  const client = new AgentClient(agent);
  client.ping();
  expect(agent.sent.map(({ type }) => type)).toEqual([FrameType.HELLO]);
  const pings: number[] = [];
  agent.serve(({ id, type }) => {
    if (type === FrameType.PING) pings.push(id);
  });
  await client.ready();
  client.ping();
  client.ping();
  expect([pings.length, client.isAwaited]).toEqual([1, false]);
  const { heard } = client;
  // As an agent does that does not know it.
  agent.done(pings[0]!, 38);
  await vi.advanceTimersByTimeAsync(1);
  expect(client.heard).toBe(heard + 1);
  client.ping();
  expect(pings.length).toBe(2);
});

test("what a watchdog may be told is checked", async () => {
  const vm = { agent: true, deterministic: false };
  expect(checkWatchdog(undefined, vm)).toBeUndefined();
  expect(checkWatchdog(true, vm)).toEqual({ heartbeat: 5000, misses: 6, boot: 300_000 });
  expect(checkWatchdog({ misses: 2 }, vm)).toMatchObject({ heartbeat: 5000, misses: 2 });
  for (const wrong of [{ heartbeat: 0 }, { misses: 1.5 }, { boot: Infinity }, { heartbeats: 3 }, 5])
    expect(await failureOf(() => checkWatchdog(wrong as never, vm))).toMatchObject({ code: "option" });
  expect(await failureOf(() => checkWatchdog(true, { ...vm, agent: false }))).toMatchObject({ code: "option" });
  expect(await failureOf(() => checkWatchdog(true, { ...vm, deterministic: true }))).toMatchObject({ code: "option" });
});
