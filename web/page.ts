/** The page: a terminal, a machine behind it, and views of its inside. */

import "@fontsource/ibm-plex-mono/latin-400.css";
import "@fontsource/ibm-plex-mono/latin-500.css";
import type { EngineName, VmState } from "../src/index.ts";
import { ActivityPanel } from "./panels/activity.ts";
import { CodePanel } from "./panels/code.ts";
import { DiskShelf } from "./disks/shelf.ts";
import { kindOf } from "./disks/kind.ts";
import { DisksPanel } from "./panels/disks.ts";
import { HartPanel } from "./panels/hart.ts";
import { MachinesPanel } from "./panels/machines.ts";
import { MemoryPanel } from "./panels/memory.ts";
import { NetworkPanel } from "./panels/network.ts";
import type { Panel, PanelHost } from "./panels/panel.ts";
import { StudyPanel } from "./panels/study.ts";
import { WalkPanel } from "./panels/walk.ts";
import type { GuestSpec } from "./session/protocol.ts";
import { DEMO_SPEC, type MenuGuest, onNetwork } from "./session/catalogue.ts";
import { firstBoot, firstSpec, menu, network, session } from "./session/start.ts";
import { byId, make } from "./ui/dom.ts";
import { listenToShortcuts, openHelp, type Shortcut } from "./ui/help-dialog.ts";
import { LoadDialog } from "./ui/load-dialog.ts";
import { Notices } from "./ui/notices.ts";
import { Tabs } from "./ui/tabs.ts";
import { setUpTouchKeys } from "./ui/touch-keys.ts";
import { GuestTerminal } from "./ui/terminal.ts";
import { setUpTheme } from "./ui/theme.ts";
import { size } from "./ui/format.ts";
import { Vitals } from "./ui/vitals.ts";
import { acceptDrops } from "./ui/drop.ts";

/** Milliseconds between two looks at a running machine. */
const LOOK_EVERY = 250;

const ENGINE_TITLES: Readonly<Record<EngineName, string>> = {
  interpreter: "Interpreter",
  tiered: "Tiered",
  translator: "Translator",
  interpret: "Interpreter, decoding each time",
};

const notices = new Notices(byId("notices", "div"));
const vitals = new Vitals(byId("vitals", "dl"));
const run = byId("run", "button");
const reset = byId("reset", "button");
const engine = byId("engine", "select");

let state: VmState | "loading" = "loading";
let spec: GuestSpec = DEMO_SPEC;
let stale = true;
let looking = false;
/** The visitor has something to lose: a guest of their own choice, or one they have typed to. */
let precious = false;

const terminal = new GuestTerminal(byId("screen", "div"), (text) => {
  precious = true;
  void session.call("type", text);
});
setUpTouchKeys(byId("touch-keys", "div"), terminal);

const host: PanelHost = {
  refresh: () => {
    stale = true;
    void look();
  },
  step: (hart, instructions) => attempt("step", () => session.call("step", hart, instructions)),
  walk: (address) => {
    tabs.select(walk);
    walk.look(address);
  },
};
const activity = new ActivityPanel();
const hartPanel = new HartPanel(host);
const memory = new MemoryPanel(host);
const walk = new WalkPanel(host);
const machines = new MachinesPanel({
  attempt: (action) => attempt("machine", action),
  session,
  name: () => byId("guest", "span").textContent,
});
const code = new CodePanel(host);
const shelf = new DiskShelf(session);
const disks = new DisksPanel(shelf, {
  restart: () => attempt("reset", () => boot(spec)),
  problem: (error) => notices.show("disk", error instanceof Error ? error.message : String(error)),
});
const networkPanel = new NetworkPanel(network, { restart: () => attempt("reset", () => boot(spec)) });
const study = new StudyPanel({
  holdGuest: () => {
    if (state !== "running") return () => undefined;
    void session.call("pause");
    return () => attempt("run", () => session.call("start"));
  },
});
const panels: readonly Panel[] = [activity, hartPanel, code, memory, machines, disks, networkPanel, walk, study];
const tabs = new Tabs(byId("tabs", "div"), byId("panels", "div"), panels, () => host.refresh());

/** Asks the machine for what the panel in front shows; one question at a time. */
async function look(): Promise<void> {
  if (looking || !stale || document.hidden || state === "loading" || state === "destroyed") return;
  looking = true;
  stale = false;
  const { panel } = tabs;
  try {
    const view = await session.call("look", panel.query());
    if (view.state === "running") activity.sample(view);
    vitals.show(view);
    if (tabs.panel === panel) panel.show(view);
    notices.clear("look");
  } catch (error) {
    problem("look", error);
  }
  looking = false;
  if (stale) void look();
}

/** Does something to the machine; what goes wrong is shown. */
function attempt(subject: string, action: () => Promise<unknown>): void {
  notices.clear(subject);
  action().then(
    () => host.refresh(),
    (error: unknown) => problem(subject, error),
  );
}

function problem(subject: string, error: unknown): void {
  notices.show(subject, error instanceof Error ? error.message : String(error), [
    { label: "Reset", run: () => attempt("reset", restart) },
    { label: "Load another guest…", run: () => load.open() },
  ]);
}

/** Boots; until that has worked, the present guest goes on. */
async function boot(wanted: GuestSpec): Promise<void> {
  try {
    const booted = { ...onNetwork(wanted, network.choice), drives: shelf.drives };
    await session.call("boot", booted, (engine.value || "tiered") as EngineName);
  } catch (error) {
    byId("guest", "span").textContent = spec.name;
    throw error;
  }
  spec = wanted;
  precious = wanted !== DEMO_SPEC;
  notices.clear("boot");
  notices.clear("exit");
}

function bootFirst(attempt = firstSpec.then(boot)): void {
  terminal.focus();
  attempt.catch((error: unknown) => {
    notices.show("boot", error instanceof Error ? error.message : String(error), [
      { label: "Try again", run: () => bootFirst() },
      { label: "Load another guest…", run: () => load.open() },
    ]);
    byId("guest", "span").textContent = "nothing runs";
    show("loading");
  });
}

function restart(): Promise<unknown> {
  notices.clear("exit");
  return state === "destroyed" || state === "loading" ? boot(spec) : session.call("reset");
}

function toggle(): void {
  if (state === "running") attempt("run", () => session.call("pause"));
  else if (state === "exited") attempt("reset", restart);
  else attempt("run", () => session.call("start"));
}

function show(now: VmState | "loading"): void {
  state = now;
  document.documentElement.dataset.state = now;
  const titles = {
    running: "Pause",
    paused: "Run",
    created: "Start",
    exited: "Start again",
    loading: "Start",
    destroyed: "Start",
  };
  run.textContent = titles[now];
  run.disabled = now === "loading";
  reset.disabled = now === "loading";
  engine.disabled = now === "loading";
  byId("dot", "span").title = now;
  host.refresh();
}

function clearPanels(): void {
  for (const panel of panels) panel.clear?.();
}

const load = new LoadDialog(boot, () => terminal.focus());

/** Boots a guest of the menu. */
function choose(guest: GuestSpec): void {
  attempt("boot", async () => {
    await boot(guest);
    terminal.focus();
  });
}

/** The menu, and the button for Linux, show what is served beside the page. */
function offer(guests: readonly MenuGuest[]): void {
  if (guests.length < 2) return;
  const select = byId("menu", "select");
  select.replaceChildren(
    make("option", { value: "" }, "Guests…"),
    ...guests.map(({ id, name }) => make("option", { value: id }, name)),
  );
  select.addEventListener("change", () => {
    const chosen = guests.find(({ id }) => id === select.value);
    select.value = "";
    if (chosen !== undefined) choose(chosen);
  });
  byId("menu-label", "label").hidden = false;
  const linux = guests.find(({ id }) => id === "linux");
  if (linux === undefined) return;
  const button = byId("linux", "button");
  button.hidden = false;
  button.addEventListener("click", () => choose(linux));
}

session.on("ready", ({ engines }) => {
  engine.replaceChildren(...engines.map((name) => make("option", { value: name }, ENGINE_TITLES[name])));
});
session.on("output", (bytes) => terminal.show(bytes, () => void session.call("shown", bytes.length)));
session.on("progress", (progress) => {
  load.progress(progress);
  const { image, step, loaded, total } = progress;
  const share = total === undefined ? size(loaded) : `${Math.floor((100 * loaded) / total)} %`;
  byId("guest", "span").textContent = `${step} ${image}: ${share}`;
});
session.on("booted", ({ name, engine: now }) => {
  byId("guest", "span").textContent = name;
  engine.value = now;
  terminal.clear();
  clearPanels();
});
session.on("state", ({ state: now, engine: used }) => {
  engine.value = used;
  show(now);
});
session.on("reset", () => {
  terminal.clear();
  clearPanels();
});
session.on("exit", ({ code, reason, problem: why }) => {
  if (reason === "destroyed") return;
  precious = false;
  terminal.remark(
    reason === "failure"
      ? (why ?? "The machine has failed.")
      : `The guest has switched itself off (exit code ${code}).`,
  );
  if (reason === "failure")
    problem("exit", new Error(`The machine has failed: ${why ?? "no reason is known"}; reset it.`));
});
session.on("drive-error", ({ name, operation, message }) => {
  notices.show("drive", `The guest's ${operation} on ${name} has failed: ${message}`, [
    { label: "Look at the disks", run: () => tabs.select(disks) },
  ]);
});
session.on("relay", ({ problem: sentence }) => {
  if (sentence === undefined) notices.clear("relay");
  else
    notices.show("relay", sentence, [{ label: "Look at the network", run: () => tabs.select(networkPanel) }], "remark");
});
session.on("trap-storm", ({ hart, pc }) => {
  notices.show(
    "storm",
    `Hart ${hart} does nothing but trap, at 0x${pc.toString(16)}: its trap handler faults itself.`,
    [
      { label: "Look at it", run: () => tabs.select(hartPanel) },
      { label: "Reset", run: () => attempt("reset", restart) },
    ],
    "remark",
  );
});

run.addEventListener("click", toggle);
reset.addEventListener("click", () => attempt("reset", restart));
byId("open", "button").addEventListener("click", () => load.open());
engine.addEventListener("change", () => attempt("engine", () => session.call("setEngine", engine.value as EngineName)));
byId("copy", "button").addEventListener(
  "click",
  () => void terminal.copy().catch((error: unknown) => clipboardProblem("copied", error)),
);
byId("paste", "button").addEventListener(
  "click",
  () => void terminal.paste().catch((error: unknown) => clipboardProblem("pasted", error)),
);
acceptDrops(byId("drop", "div"), (files) => void takeFiles(files));

/** Disk images go to the disks, everything else into the dialog. */
async function takeFiles(files: readonly File[]): Promise<void> {
  const kinds = await Promise.all(files.map(kindOf));
  const disk = files.find((_, index) => kinds[index] === "disk");
  const others = files.flatMap((file, index) => (kinds[index] === "disk" ? [] : [{ file, kind: kinds[index]! }]));
  if (disk === undefined) return load.openWith(others);
  tabs.select(disks);
  disks.ask({ kind: "file", file: disk });
}

function clipboardProblem(what: string, _error: unknown): void {
  notices.show(
    "clipboard",
    `Nothing was ${what}, because the browser does not allow it here; use its own menu or keys.`,
    [],
    "remark",
  );
}

const shortcuts: readonly Shortcut[] = [
  { code: "KeyP", key: "P", does: "pauses and goes on", run: toggle },
  { code: "KeyN", key: "N", does: "steps one instruction, when paused", run: () => host.step(hartPanel.index, 1) },
  { code: "KeyR", key: "R", does: "resets the machine", run: () => attempt("reset", restart) },
  { code: "KeyO", key: "O", does: "loads another guest", run: () => load.open() },
  { code: "KeyE", key: "E", does: "goes to the choice of engine", run: () => engine.focus() },
  {
    code: "KeyJ",
    key: "J",
    does: "jumps between the terminal and the views",
    run: () => (terminal.focused ? tabs.focus() : terminal.focus()),
  },
  { code: "KeyK", key: "K", does: "shows this list", run: () => openHelp(shortcuts) },
];
listenToShortcuts(shortcuts);
byId("help", "button").addEventListener("click", () => openHelp(shortcuts));

setUpTheme(byId("theme", "button"), () => {
  terminal.retheme();
  tabs.panel.redraw?.();
});
const full = byId("full", "button");
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () => {
  if (document.fullscreenElement !== null) void document.exitFullscreen();
  else attempt("full", () => document.querySelector(".console")!.requestFullscreen());
});
addEventListener("fullscreenchange", () => {
  const says = document.fullscreenElement === null ? "Full screen" : "Leave full screen";
  full.setAttribute("aria-label", says);
  full.title = says;
  terminal.focus();
});

// A reload throws the guest away, with all that it holds; the browser asks first.
addEventListener("beforeunload", (event) => {
  if (precious && (state === "running" || state === "paused")) event.preventDefault();
});

new ResizeObserver(() => tabs.panel.redraw?.()).observe(byId("panels", "div"));
addEventListener("visibilitychange", () => host.refresh());
setInterval(() => {
  if (state === "running") host.refresh();
}, LOOK_EVERY);
void document.fonts.load('13px "IBM Plex Mono"').then(() => terminal.fit());

Object.assign(globalThis, {
  /** For scripts in the browser's console, and for tests. */
  wasmvisor: {
    /** All text of the terminal. */
    screen: () => terminal.text,
    type: (text: string) => session.call("type", text),
  },
});

session.listen();
void menu.then(offer);
void firstSpec.then(
  (first) => {
    spec = first;
    precious = first !== DEMO_SPEC;
  },
  () => undefined,
);
bootFirst(firstBoot);
