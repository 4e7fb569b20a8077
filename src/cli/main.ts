#!/usr/bin/env node
/** The `wasmvisor` command. What only some of it needs is loaded when it is wanted. */

import { WasmvisorError } from "../error.ts";
import * as host from "../host/process.ts";
import { tuneEngine } from "../host/wasm-engine.ts";
import { firstWords } from "./command.ts";
import { type ControlName, parseControl } from "./control/options.ts";
import { HELP } from "./help.ts";
import { LIFECYCLE_HELP } from "./lifecycle/help.ts";
import { type LifecycleName, parseLifecycle } from "./lifecycle/options.ts";
import type { RunOptions } from "./options.ts";
import { parseRelay } from "./relay-options.ts";
import type { StudyCommand } from "./study-options.ts";

const BAD_INPUT = 2;
const OWN_ERROR = 70;

async function main(args: readonly string[]): Promise<number> {
  const command = firstWords(args) ?? (await import("./options.ts")).parseCommandLine(args);
  switch (command.kind) {
    case "help":
      await host.print(
        command.topic === "img" ? (await import("./img.ts")).IMG_HELP : { ...LIFECYCLE_HELP, ...HELP }[command.topic],
      );
      return 0;
    case "version":
      await host.print(`${await host.packageVersion()}\n`);
      return 0;
    case "demo":
      return demo();
    case "run":
      return command.options.lockstep
        ? (await import("./lockstep.ts")).runLockstep(command.options)
        : run(command.options);
    case "linux":
      return (await import("./linux.ts")).runLinux(command.options);
    case "study":
      return study(command.study);
    case "exec":
    case "cp":
    case "logs":
    case "top":
    case "console":
    case "snapshot":
    case "migrate":
    case "memory":
      return control(command.kind, command.args);
    case "lifecycle":
      return lifecycle(command.name, command.args);
    case "relay":
      return relay(command.args);
    case "img":
      return (await import("./img.ts")).runImg(command.args);
  }
}

async function run(options: RunOptions): Promise<number> {
  return (await import("./run.ts")).run(options);
}

/** What is done with the machines of a project. */
async function lifecycle(name: LifecycleName, args: readonly string[]): Promise<number> {
  const command = parseLifecycle(name, args);
  if (command !== undefined) return (await import("./lifecycle/commands.ts")).runLifecycle(command);
  await host.print(LIFECYCLE_HELP[name]);
  return 0;
}

/** What is asked of a VM in another process. */
async function control(name: ControlName, args: readonly string[]): Promise<number> {
  const command = parseControl(name, args, host.environment("WASMVISOR_CONTROL"));
  if (command !== undefined) return (await import("./control/client.ts")).runControl(command);
  await host.print(HELP[name]);
  return 0;
}

async function relay(args: readonly string[]): Promise<number> {
  const command = parseRelay(args, host.environment("WASMVISOR_RELAY_TOKEN"));
  if (command !== undefined) return (await import("./relay.ts")).runRelay(command);
  await host.print(HELP.relay);
  return 0;
}

/** The bundled guest: its shell for people, and without them its check of the machine. */
async function demo(): Promise<number> {
  const people = host.stdinIsTerminal() && host.stdoutIsTerminal();
  if (people)
    await host.printError("wasmvisor: this is the bundled guest; Ctrl-A x leaves, wasmvisor --help tells more\n");
  const { DEMO_GUEST } = await import("../index.ts");
  return run({ vm: { kernel: DEMO_GUEST, ...(people ? {} : { append: "selfcheck" }) } });
}

async function study(command: StudyCommand): Promise<number> {
  switch (command.kind) {
    case "help":
      await host.print(HELP.study);
      return 0;
    case "list":
      await host.print((await import("./study-list.ts")).studyList());
      return 0;
    case "compare":
      return (await import("./study-compare.ts")).compareFiles(command.files);
    case "show":
      return (await import("./study-show.ts")).showFile(command.file, command.files);
    case "run":
      return (await import("./study.ts")).runStudy(command.options);
  }
}

try {
  tuneEngine();
  host.exit(await main(host.commandLine()));
} catch (error) {
  const known = error instanceof WasmvisorError;
  const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  await host.printError(`wasmvisor: ${text}\n`);
  host.exit(known ? BAD_INPUT : OWN_ERROR);
}
