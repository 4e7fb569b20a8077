import { describe, expect, test } from "vitest";
import { WasmvisorError } from "../../src/error.ts";
import { forwardOf, machineFileSchema, parseMachineFile, sizeOf } from "../../src/lifecycle/machine-file.ts";

function faultOf(json: string): string {
  try {
    parseMachineFile(json);
  } catch (error) {
    expect(error).toBeInstanceOf(WasmvisorError);
    expect((error as WasmvisorError).code).toBe("machine-file");
    return (error as WasmvisorError).message;
  }
  throw new Error("it was accepted");
}

const FULL = {
  $schema: "x",
  machines: {
    web: {
      linux: "debian",
      memory: "512M",
      memoryReservation: "128M",
      memoryShares: 200,
      watchdogTimer: true,
      generationId: "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87",
      harts: 2,
      cpu: { shares: 200, reservation: 0.1, cap: 0.5 },
      drives: [
        { file: "base.qcow2", overlay: true },
        { size: "1.5G", serial: "data" },
        { file: "cd.img", readonly: true },
      ],
      networks: [
        { type: "user", restrict: true },
        { type: "lan", name: "inner", mac: "52:54:00:00:00:01", mtu: 1400 },
      ],
      forwards: ["8080:80", "0.0.0.0:8443:443/tcp", "[::1]:5353:53/udp"],
      shares: [{ folder: ".", tag: "src", mount: "/src", readonly: true }],
      provision: ["a\nb", { run: "x", user: "u", cwd: "/", env: { A: "b" }, always: true }, { copy: "a", to: "/b/" }],
    },
    db: {
      kernel: "db.elf",
      generationId: true,
      onFailure: "restore",
      watchdog: { heartbeat: 1000 },
      checkpoints: { every: 60_000 },
      agent: true,
      networks: [
        { type: "vxlan", vni: 42, peers: ["192.0.2.7"] },
        { type: "relay", url: "wss://x/" },
      ],
    },
  },
};

describe("a machine file", () => {
  test("has one machine, or several by name", () => {
    expect([...parseMachineFile('{ "kernel": "Image" }')]).toEqual([["default", { kernel: "Image" }]]);
    const machines = parseMachineFile(JSON.stringify(FULL, null, 2));
    expect([...machines.keys()]).toEqual(["web", "db"]);
    expect(machines.get("web")).toEqual(FULL.machines.web);
  });

  test.each<[string, string]>([
    ['{\n  "kernel": "x",\n}', "line 2, column 16: there is a comma too many; remove it."],
    ["{\n  // no\n}", "line 2, column 3: JSON has no comments; remove this one."],
    ['{ "kernel": "x" # no\n}', "line 1, column 17: JSON has no comments"],
    [
      '{ "kernel": "x", "onFailure": "restore", "drives": [{ "size": "1G" }] }',
      'drives.0 is written to its file, which cannot go back with "onFailure": "restore"',
    ],
    ['{ "kernel": "x", "restart": true, "onFailure": "stop" }', 'restart is "onFailure": "restart"'],
    ['{ "kernel": "x", "watchdog": true }', "watchdog asks the agent"],
    ['{ "kernel": "x", "checkpoints": { "every": 5 } }', "checkpoints.every is a whole number from 100"],
    ['{ "kernel": "x", "generationId": "x" }', "generationId is true, false or a UUID"],
    ['{ "kernel": "x", "memoryShares": 0 }', "memoryShares is a whole number from 1"],
    ['{ "kernel": "x", "memoryReservation": 5 }', "memoryReservation is a size"],
    ['{ "kernel": x }', 'line 1, column 13: "x" is no value; text stands in double quotes.'],
    ['{ "kernel" "x" }', 'line 1, column 12: the colon behind "kernel" is missing.'],
    ['{ "kernel": "x" "a": 1 }', "line 1, column 17: a comma or } is missing."],
    ['{ "kernel": "x', "line 1, column 13: the text that begins here has no end; add a double quote."],
    ['{ "kernel": "x", "kernel": "y" }', 'line 1, column 18: the name "kernel" is there twice; keep one.'],
    ["", "line 1, column 1: a value is missing."],
    ["{}x", "line 1, column 3: something stands behind the end; remove it."],
    ["[".repeat(40), "values are more than 32 deep in each other."],
    ["3", "line 1, column 1: it is an object, not 3."],
    ["{}", 'it boots nothing; add "linux": "debian" or a kernel.'],
    ['{ "machines": {} }', "machines is empty; describe one."],
    [
      '{ "machines": { "a b": {} } }',
      "line 1, column 17: machines.a b is no name: letters, digits, - and _, such as web-1.",
    ],
    ['{\n "kernel": "x",\n "memry": "1M"\n}', 'line 3, column 2: memry is not known; did you mean "memory"?'],
    ['{ "kernel": "x", "colour": 1 }', "colour is not known here; there are linux, kernel,"],
    ['{ "kernel": "x", "memory": 256 }', 'line 1, column 18: memory is a size such as "256M" or "8G", not 256.'],
    ['{ "kernel": "x", "harts": 9 }', "harts is a whole number from 1 to 8, not 9."],
    ['{ "kernel": "x", "__proto__": {} }', "__proto__ is not known here"],
    ['{ "kernel": "x", "linux": "debian" }', "linux brings its own kernel; leave kernel, initrd and bios out."],
    ['{ "kernel": "x", "drives": [{}] }', "line 1, column 29: drives.0 has a file or a size, one of them."],
    [
      '{ "kernel": "x", "drives": [{ "file": "a", "overlay": true, "forget": true }] }',
      "has one of overlay, readonly and forget.",
    ],
    ['{ "kernel": "x", "forwards": ["80"] }', 'forwards.0 is a forward such as "8080:80"'],
    ['{ "kernel": "x", "forwards": ["80:99999"] }', "forwards.0 has a port above 65535."],
    [
      '{ "kernel": "x", "networks": [{ "type": "lan" }], "forwards": ["1:2"] }',
      'forwards needs a network of type "user", without wisp and fetch.',
    ],
    [
      '{ "kernel": "x", "networks": [{ "type": "user", "fetch": true }], "forwards": ["1:2"] }',
      'forwards needs a network of type "user", without wisp and fetch.',
    ],
    [
      '{ "kernel": "x", "networks": [{ "type": "user", "fetch": true, "wisp": "wss://x/" }] }',
      "networks.0 has wisp or fetch, one of them.",
    ],
    [
      '{ "kernel": "x", "networks": [{ "type": "lan", "wisp": "wss://x/" }] }',
      "networks.0 is of type lan, which has no wisp.",
    ],
    ['{ "kernel": "x", "networks": [{ "type": "user", "vni": 1 }] }', "networks.0 is of type user, which has no vni."],
    ['{ "kernel": "x", "networks": [{ "type": "vxlan" }] }', "of type vxlan needs vni and peers."],
    ['{ "kernel": "x", "networks": [{}] }', 'networks.0 lacks "type".'],
    ['{ "kernel": "x", "provision": [{ "rum": "x" }] }', 'provision.0.rum is not known; did you mean "run"?'],
    ['{ "kernel": "x", "provision": [3] }', "provision.0 is text of up to 65536 characters, not 3."],
    ['{ "kernel": "a\\u0000b" }', "kernel is text of up to 4096 characters"],
  ])("%s is refused", (json, sentence) => {
    expect(faultOf(json)).toMatch(/^wasmvisor\.json, line \d+, column \d+: .*\.$|\?\.$/s);
    expect(faultOf(json)).toContain(sentence.replace(/\?$/, "?"));
  });

  test("reads JSON as JSON.parse does", () => {
    const value = { a: [1, -2.5e3, 0, true, false, null, 'x"\\/\b\f\n\r\t\u00e9\u{1f600}'], b: {} };
    const json = JSON.stringify({ kernel: "x", append: JSON.stringify(value) }, null, "\t");
    expect(parseMachineFile(`\ufeff${json}`).get("default")).toEqual(JSON.parse(json));
  });
});

test("a forward has an address, two ports and a protocol", () => {
  expect(forwardOf("8080:80")).toEqual({ protocol: "tcp", hostPort: 8080, guestPort: 80 });
  expect(forwardOf("[::1]:53:54/udp")).toEqual({ protocol: "udp", hostAddress: "::1", hostPort: 53, guestPort: 54 });
  expect(forwardOf("127.0.0.1:0:22")).toEqual({
    protocol: "tcp",
    hostAddress: "127.0.0.1",
    hostPort: 0,
    guestPort: 22,
  });
});

test("a size is whole sectors", () => {
  expect([sizeOf("1K"), sizeOf("1.5G"), sizeOf("0.0001M")]).toEqual([1024, 1.5 * 2 ** 30, 512]);
});

test("the schema for editors names every entry, with a description", () => {
  const schema = machineFileSchema() as { else: { properties: Record<string, { description?: string }> } };
  const { properties } = schema.else;
  expect(Object.keys(properties)).toContain("provision");
  for (const [name, { description }] of Object.entries(properties)) expect(description, name).toBeTruthy();
});
