/** A number that no other tab of this browser has: by it, its machines get addresses that do not meet those of others. */

/** A number, until it is given back. */
export interface TabNumber {
  readonly number: number;
  release(): void;
}

/** Milliseconds in which others may say that a number is theirs. */
const OBJECTION = 250;
const LOCK = "wasmvisor network";
const CHANNEL = "wasmvisor network numbers";

/** Takes one of `count` numbers, from 0 on; undefined when all are taken. */
export function takeNumber(count: number): Promise<TabNumber | undefined> {
  // Pages that came by http: have no locks, except for those of this computer.
  return (navigator as { readonly locks?: LockManager }).locks === undefined ? askNumber(count) : lockNumber(count);
}

async function lockNumber(count: number): Promise<TabNumber | undefined> {
  for (let number = 0; number < count; number++) {
    // oxlint-disable-next-line no-await-in-loop -- the lowest that is free
    const release = await lock(`${LOCK} ${number}`);
    if (release !== undefined) return { number, release };
  }
  return undefined;
}

/** Takes a lock; undefined when somebody has it. */
function lock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const held = (given: Lock | null): Promise<void> | undefined => {
      if (given === null) {
        resolve(undefined);
        return undefined;
      }
      return new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(name, { ifAvailable: true }, held).catch(reject);
  });
}

/** What tabs without locks say to each other: that they want a number, or have it. */
interface NumberMessage {
  readonly number: number;
  readonly isTaken: boolean;
}

/** Tries numbers in an order of chance, until nobody objects. */
async function askNumber(count: number): Promise<TabNumber | undefined> {
  const channel = new BroadcastChannel(CHANNEL);
  const left = Array.from({ length: count }, (_, number) => number);
  while (left.length > 0) {
    const [number] = left.splice(Math.floor(Math.random() * left.length), 1) as [number];
    // oxlint-disable-next-line no-await-in-loop -- one after another
    if (await isFree(channel, number)) return hold(channel, number);
  }
  channel.close();
  return undefined;
}

/** Whether nobody has it, or wants it at the same time. */
async function isFree(channel: BroadcastChannel, number: number): Promise<boolean> {
  let isWanted = false;
  const listen = ({ data }: MessageEvent<NumberMessage>): void => void (isWanted ||= data.number === number);
  channel.addEventListener("message", listen);
  channel.postMessage({ number, isTaken: false } satisfies NumberMessage);
  await new Promise((resolve) => setTimeout(resolve, OBJECTION));
  channel.removeEventListener("message", listen);
  return !isWanted;
}

function hold(channel: BroadcastChannel, number: number): TabNumber {
  channel.addEventListener("message", ({ data }: MessageEvent<NumberMessage>) => {
    if (data.number === number && !data.isTaken) channel.postMessage({ number, isTaken: true } satisfies NumberMessage);
  });
  return { number, release: () => channel.close() };
}
