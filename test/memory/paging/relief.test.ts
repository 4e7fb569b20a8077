/** What is done before pages leave, in which order, and how much of it. */

import { expect, test } from "vitest";
import { type Donor, Relief } from "../../../src/memory/paging/relief.ts";

const RESERVE = 100;

interface Guest extends Donor {
  asked: number;
  owed: number;
  spare: number;
  questions: number;
}

function guest(spare: number): Guest {
  const made: Guest = {
    ...{ asked: 0, owed: 0, spare, questions: 0 },
    ask: () => void made.questions++,
    squeeze: (pages) => {
      made.owed += pages - made.asked;
      made.asked = pages;
    },
  };
  return made;
}

/** The guest's driver does what it was asked for. */
function give(one: Guest): number {
  const given = one.owed;
  one.spare -= given;
  one.owed = 0;
  return given;
}

function relief(...donors: Guest[]) {
  const hurried: boolean[] = [];
  const made = new Relief({ donors: () => donors, hurry: (isHurried) => void hurried.push(isHurried) });
  let now = 0;
  const look = (available: number): void => made.tick((now += 1000), available, RESERVE);
  return { made, look, isHurried: () => hurried.at(-1) };
}

test("guests are asked first, equal pages are looked for faster when less is left, and nothing is done while there is enough", () => {
  const one = guest(1000);
  const { look, isHurried } = relief(one);
  look(1100);
  expect([one.asked, one.questions, isHurried()]).toEqual([0, 0, false]);
  look(700);
  expect([one.asked, one.questions, isHurried()]).toEqual([0, 1, false]);
  look(599);
  expect([one.asked, isHurried()]).toEqual([401, false]);
  look(299);
  expect(isHurried()).toBe(true);
  look(599);
  expect(isHurried()).toBe(false);
});

test("a guest gives half of what it can do without at a time, the one that would lose pages first before the others", () => {
  const [first, second] = [guest(300), guest(10_000)];
  const { look } = relief(first, second);
  look(500);
  expect([first.asked, second.asked]).toEqual([150, 350]);
  // What is on its way is not asked for again.
  look(500);
  expect([first.asked, second.asked]).toEqual([150, 350]);
  const available = 500 + give(first) + give(second);
  expect(available).toBe(1000);
  look(500);
  expect([first.asked, second.asked]).toEqual([225, 775]);
});

test("one without a driver is asked for nothing, and all get back what was asked for when there is enough again", () => {
  const [silent, one, two] = [guest(0), guest(400), guest(1000)];
  const { look } = relief(silent, one, two);
  look(400);
  expect([silent.asked, one.asked, two.asked]).toEqual([0, 200, 400]);
  [one, two].forEach(give);
  look(1300);
  expect([one.asked, two.asked]).toEqual([200, 100]);
  look(5000);
  expect([silent.asked, one.asked, two.asked]).toEqual([0, 0, 0]);
});

test("looks come no more often than a driver can answer", () => {
  const one = guest(100_000);
  const { made } = relief(one);
  for (let now = 0; now < 1000; now += 10) {
    made.tick(now, 100, RESERVE);
    give(one);
  }
  expect(one.questions).toBe(4);
});
