/** Objects in the worker, member by member. */

import type { Answered } from "./link.ts";
import type { Access } from "./messages.ts";
import type { Part, Seat } from "./seat.ts";

type Method = (...args: never) => unknown;

/** The names of a type's methods. */
export type MethodName<Target> = {
  [Name in keyof Target]: Target[Name] extends Method ? Name : never;
}[keyof Target] &
  string;

/** A stand-in for an object of type `Target`. */
export class Remote<Target> {
  readonly #seat: Seat;
  readonly #part: Part;

  constructor(seat: Seat, part: Part["part"], index: Part["index"] = 0) {
    this.#seat = seat;
    this.#part = { part, index };
  }

  /** Calls a method. */
  async call<Name extends MethodName<Target>>(
    member: Name,
    ...args: Target[Name] extends (...args: infer Args) => unknown ? Args : never
  ): Promise<Target[Name] extends (...args: never) => infer Result ? Awaited<Result> : never> {
    return (await this.ask({ op: "call", member, args })).value as never;
  }

  /** Reads a property. */
  async get<Name extends keyof Target & string>(member: Name): Promise<Target[Name]> {
    return (await this.ask({ op: "get", member, args: [] })).value as Target[Name];
  }

  /** Writes a property. */
  async set<Name extends keyof Target & string>(member: Name, value: Target[Name]): Promise<void> {
    await this.ask({ op: "set", member, args: [value] });
  }

  /** Any of these, with the whole answer. */
  ask(access: Access): Promise<Answered> {
    return this.#seat.access(this.#part, access);
  }
}
