/** The socket device of a VM as programs ask for it. */

import { CID_LEAST, CID_MOST } from "../device/virtio/vsock/protocol.ts";
import { WasmvisorError } from "../error.ts";
import { known } from "./known.ts";
import type { VsockOptions } from "./vsock.ts";

const KEYS = Object.keys({ cid: 0, slot: 0, agent: 0 } satisfies Record<keyof VsockOptions, 0>);

/** Whether the guest's agent comes by a console port, which it does unless it comes by the socket device. */
export function agentHasPort({ agent, vsock }: { agent: boolean; vsock: VsockOptions | undefined }): boolean {
  return agent && vsock?.agent !== true;
}

/**
 * What is asked for, or undefined for no device.
 * @throws WasmvisorError `option`
 */
export function checkVsock(vsock: boolean | VsockOptions | undefined): VsockOptions | undefined {
  if (vsock === undefined || vsock === false) return undefined;
  if (vsock === true) return {};
  known({ code: "option", where: "vsock" }, vsock, KEYS);
  const { cid = CID_LEAST, agent = false } = vsock;
  if (typeof agent !== "boolean") {
    const sentence = `vsock.agent is true or false, not ${String(agent)}.`;
    throw new WasmvisorError("option", sentence, { key: "agent", value: agent });
  }
  if (Number.isInteger(cid) && cid >= CID_LEAST && cid <= CID_MOST) return vsock;
  const sentence = `vsock.cid is a whole number from ${CID_LEAST} to ${CID_MOST}, not ${String(cid)}.`;
  throw new WasmvisorError("option", sentence, { key: "cid", value: cid });
}
