/** A cable between a switch and a network. */

import { afterEach, expect, test, vi } from "vitest";
import { joinBackend, Switch } from "../../../src/index.ts";
import { FakeNetwork } from "../../support/cable.ts";

afterEach(() => vi.unstubAllGlobals());

test("asks for its turn as browsers want to be asked, whose queueMicrotask is nobody's method", async () => {
  const { queueMicrotask } = globalThis;
  vi.stubGlobal("queueMicrotask", function (this: unknown, act: () => void) {
    if (this !== undefined && this !== globalThis) throw new TypeError("Illegal invocation");
    queueMicrotask(act);
  });
  const [network, backend] = [new Switch(), new FakeNetwork()];
  const end = joinBackend(network.port(), backend);
  let turns = 0;
  backend.enter(() => turns++);
  await Promise.resolve();
  expect(turns).toBe(1);
  await end();
  expect(backend.closed).toBe(1);
});
