/** As much of vitest as suites need that run in a browser's worker, where vitest itself does not: the bundle has it in vitest's place. */

import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** What became of one test. */
export interface Result {
  readonly name: string;
  readonly error?: string;
}

interface Group {
  readonly name: string;
  readonly after: (() => unknown)[];
}

interface Registered {
  readonly name: string;
  readonly group: Group;
  readonly body: () => unknown;
}

const registered: Registered[] = [];
let group: Group = { name: "", after: [] };

export const expect = (value: unknown, message?: string) => chai.expect(value, message);

export function describe(name: string, body: () => void): void {
  const outer = group;
  group = { name: `${outer.name}${name} > `, after: [...outer.after] };
  body();
  group = outer;
}

export function afterEach(body: () => unknown): void {
  group.after.push(body);
}

export function test(name: string, body: () => unknown): void {
  registered.push({ name: group.name + name, group, body });
}

test.runIf = (met: boolean) => (met ? test : () => undefined);

/** Runs all tests, one after another. */
export async function runAll(): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name, group, body } of registered) {
    try {
      try {
        await body();
      } finally {
        for (const after of group.after) await after();
      }
      results.push({ name });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  return results;
}
