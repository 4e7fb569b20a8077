import { Aclint } from "../../src/device/aclint.ts";
import { GoldfishRtc } from "../../src/device/goldfish-rtc.ts";
import { Ns16550a } from "../../src/device/ns16550a.ts";
import { Plic } from "../../src/device/plic.ts";
import { Rom } from "../../src/device/rom.ts";
import { SifiveTest } from "../../src/device/sifive-test.ts";
import { EmptyVirtioSlot } from "../../src/device/virtio/empty-slot.ts";
import { FakeClock, FakeConsole, FakeLine } from "../device/fakes.ts";
import { deviceContract } from "./device-contract.ts";

const clock = new FakeClock();
const setLine = () => undefined;

deviceContract("Mswi", () => new Aclint({ harts: 3, clock, setLine }).mswi);
deviceContract("Mtimer", () => new Aclint({ harts: 3, clock, setLine }).mtimer);
deviceContract("Plic", () => new Plic({ harts: 2, sources: 96, setLine }));
deviceContract("Ns16550a", () => new Ns16550a({ clock, irq: new FakeLine(), console: new FakeConsole() }));
deviceContract("GoldfishRtc", () => new GoldfishRtc(clock, new FakeLine()));
deviceContract("SifiveTest", () => new SifiveTest(() => undefined));
deviceContract("EmptyVirtioSlot", () => new EmptyVirtioSlot(0));
deviceContract("Rom", () => new Rom("mrom", 64));
