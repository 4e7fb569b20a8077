/** Errors, configurations and images in a form that can be sent. */

import { absoluteLocation } from "#load";
import { isRequest } from "../host/load.ts";
import { type ErrorCode, WasmvisorError } from "../error.ts";
import type { VmConfig } from "../vmm/config.ts";
import type { ImageSource } from "../vmm/image-source.ts";
import type { RestoreOptions } from "../vmm/snapshot/restore.ts";
import {
  IMAGE_NAMES,
  type ImageName,
  type WireConfig,
  type WireError,
  type WireImage,
  type WireRestore,
} from "./messages.ts";

/** An error in words. */
export function encodeError(error: unknown): WireError {
  if (!(error instanceof Error)) return { code: undefined, name: "Error", message: String(error), data: {} };
  const { name, message } = error;
  if (!(error instanceof WasmvisorError)) return { code: undefined, name, message, data: {} };
  return { code: error.code, name, message, data: cloneable(error.data) };
}

/** The error again, of the same class. */
export function decodeError({ code, name, message, data }: WireError): Error {
  if (code !== undefined) return new WasmvisorError(code as ErrorCode, message, data);
  return Object.assign(new Error(message), { name });
}

function cloneable(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, isPlain(value) ? value : String(value)]));
}

function isPlain(value: unknown): boolean {
  return value === null || ["number", "string", "boolean", "bigint", "undefined"].includes(typeof value);
}

/** Splits a configuration; streams are added to `transfer`. */
export function encodeConfig(config: VmConfig, transfer: object[]): WireConfig {
  const { kernel, initrd, bios, dtb, signal: _signal, onProgress: _onProgress, devices = [], ...plain } = config;
  if (devices.length > 0) throw ownDevices();
  if (
    config.vsock !== undefined &&
    config.vsock !== false &&
    !(typeof config.vsock === "object" && config.vsock.agent === true)
  ) {
    throw new WasmvisorError(
      "worker-devices",
      "A socket device's streams are on the thread of its VM and cannot be sent to a worker; make the host without one, or ask for the agent's alone: vsock: { agent: true }.",
    );
  }
  return { plain, images: encodeImages({ kernel, initrd, bios, dtb }, transfer) };
}

/** Splits what a snapshot is restored by. */
export function encodeRestore(source: ImageSource, options: RestoreOptions, transfer: object[]): WireRestore {
  const { kernel, initrd, bios, dtb, signal: _signal, onProgress: _onProgress, devices = [], ...others } = options;
  const { parents = [], ...plain } = others;
  if (devices.length > 0) throw ownDevices();
  return {
    source: encodeImage(source, transfer),
    parents: parents.map((parent) => encodeImage(parent, transfer)),
    plain,
    images: encodeImages({ kernel, initrd, bios, dtb }, transfer),
  };
}

/** The snapshot again, and how it is restored. */
export function decodeRestore({ source, parents, plain, images }: WireRestore): [ImageSource, RestoreOptions] {
  return [decodeImage(source), { ...plain, ...decodeImages(images), parents: parents.map(decodeImage) }];
}

function ownDevices(): WasmvisorError {
  return new WasmvisorError(
    "worker-devices",
    "Devices of your own run on the thread of their VM and cannot be sent to a worker; make the host without one.",
  );
}

type Images = Partial<Record<ImageName, ImageSource | undefined>>;

function encodeImages(images: Images, transfer: object[]): WireConfig["images"] {
  const entries = Object.entries(images)
    .filter(([, source]) => source !== undefined)
    .map(([name, source]) => [name, encodeImage(source!, transfer)] as const);
  return Object.fromEntries(entries);
}

function encodeImage(source: ImageSource, transfer: object[]): WireImage {
  if (typeof source === "string") return { kind: "string", location: encodeString(source) };
  if (source instanceof URL) return { kind: "url", location: source.href };
  if (isRequest(source)) return { kind: "request", location: source.url, init: encodeRequest(source) };
  if (source instanceof ReadableStream) transfer.push(source);
  return source;
}

/** `"builtin"` and `"none"` are no locations. */
function encodeString(text: string): string {
  return text === "builtin" || text === "none" ? text : absoluteLocation(text);
}

function encodeRequest({ method, headers, credentials, cache, mode, redirect, referrerPolicy }: Request): RequestInit {
  // A request made by the page itself may be in mode "navigate", which nobody can ask for.
  const asked = (mode as string) === "navigate" ? "same-origin" : mode;
  return { method, headers: [...headers], credentials, cache, mode: asked, redirect, referrerPolicy } as RequestInit;
}

/** The configuration again, without signal and callback. */
export function decodeConfig({ plain, images }: WireConfig): VmConfig {
  return { ...plain, ...decodeImages(images) };
}

function decodeImages(images: WireConfig["images"]): Partial<Record<ImageName, ImageSource>> {
  const entries = IMAGE_NAMES.map((name) => [name, images[name]] as const).filter(([, image]) => image !== undefined);
  return Object.fromEntries(entries.map(([name, image]) => [name, decodeImage(image!)]));
}

function decodeImage(image: WireImage): ImageSource {
  if (!("kind" in image)) return image;
  switch (image.kind) {
    case "string":
      return image.location;
    case "url":
      return new URL(image.location);
    case "request":
      return new Request(image.location, image.init);
  }
}
