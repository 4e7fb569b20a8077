/** The port of the agent. */

/** By which the agent finds its port. */
export const AGENT_PORT = "org.wasmvisor.agent";
