/** What a supervisor's machines have used, for Prometheus. */

import type { Host, Vm } from "../../index.ts";
import { type Metric, prometheusText, type Sample } from "../../lifecycle/prometheus.ts";
import type { MachineState } from "./machine.ts";

/** A machine, as it is counted. */
export interface Counted {
  readonly name: string;
  readonly state: MachineState;
  readonly vm: Vm | undefined;
}

type Figures = readonly (readonly [name: string, type: Metric["type"], help: string, of: (vm: Vm) => number])[];

const MACHINE: Figures = [
  ["cpu_seconds_total", "counter", "Time in which it has run.", (vm) => vm.accounting().cpu.milliseconds / 1000],
  [
    "cpu_wait_seconds_total",
    "counter",
    "Time in which it has waited to run.",
    (vm) => vm.accounting().cpu.waitedMilliseconds / 1000,
  ],
  ["instructions_total", "counter", "Instructions executed since its last boot.", (vm) => vm.accounting().instructions],
  ["memory_bytes", "gauge", "RAM that the guest sees.", (vm) => vm.accounting().memory.ramBytes],
  [
    "memory_touched_bytes",
    "gauge",
    "RAM that takes memory of this computer.",
    (vm) => vm.accounting().memory.touchedBytes,
  ],
  ["memory_shared_bytes", "gauge", "RAM that it shares with others.", (vm) => vm.accounting().memory.sharedBytes],
  ["memory_paged_bytes", "gauge", "RAM that is in the page store.", (vm) => vm.accounting().memory.pagedBytes],
];

type Drive = ReturnType<Vm["drives"][number]["statistics"]>;
type Network = ReturnType<Vm["networks"][number]["statistics"]>;

const DRIVE: readonly (readonly [name: string, help: string, of: (drive: Drive) => number])[] = [
  ["drive_reads_total", "Reads.", ({ reads }) => reads],
  ["drive_writes_total", "Writes.", ({ writes }) => writes],
  ["drive_flushes_total", "Flushes.", ({ flushes }) => flushes],
  ["drive_read_bytes_total", "Bytes read.", ({ bytesRead }) => bytesRead],
  ["drive_written_bytes_total", "Bytes written.", ({ bytesWritten }) => bytesWritten],
  ["drive_errors_total", "Errors that the guest was told of.", ({ errors }) => errors],
];

const NETWORK: readonly (readonly [name: string, help: string, of: (network: Network) => number])[] = [
  ["network_received_frames_total", "Frames that the guest has received.", ({ framesReceived }) => framesReceived],
  ["network_sent_frames_total", "Frames that the guest has sent.", ({ framesSent }) => framesSent],
  ["network_received_bytes_total", "Bytes that the guest has received.", ({ bytesReceived }) => bytesReceived],
  ["network_sent_bytes_total", "Bytes that the guest has sent.", ({ bytesSent }) => bytesSent],
];

/** All of it as text. */
export function metricsText(machines: readonly Counted[], host: Host): string {
  const up = machines.flatMap(({ name, vm }) => (vm === undefined ? [] : [{ name, vm }]));
  const each = (samplesOf: (one: { readonly name: string; readonly vm: Vm }) => readonly Sample[]): Sample[] =>
    up.flatMap(samplesOf);
  return prometheusText([
    {
      name: "wasmvisor_machine_state",
      help: "1 for the state that a machine is in.",
      type: "gauge",
      samples: machines.map(({ name, state }) => ({ labels: { machine: name, state }, value: 1 })),
    },
    {
      name: "wasmvisor_host_memory_bytes",
      help: "Memory that all machines take.",
      type: "gauge",
      samples: [{ labels: {}, value: host.allocatedBytes }],
    },
    ...MACHINE.map(([name, type, help, of]) => ({
      ...{ name: `wasmvisor_${name}`, type, help },
      samples: each(({ name: machine, vm }) => [{ labels: { machine }, value: of(vm) }]),
    })),
    ...DRIVE.map(([name, help, of]) => ({
      ...{ name: `wasmvisor_${name}`, type: "counter" as const, help },
      samples: each(({ name: machine, vm }) =>
        vm.drives.map((drive, index) => ({ labels: { machine, drive: String(index) }, value: of(drive.statistics()) })),
      ),
    })),
    ...NETWORK.map(([name, help, of]) => ({
      ...{ name: `wasmvisor_${name}`, type: "counter" as const, help },
      samples: each(({ name: machine, vm }) =>
        vm.networks.map((network, index) => ({
          labels: { machine, network: String(index) },
          value: of(network.statistics()),
        })),
      ),
    })),
  ]);
}
