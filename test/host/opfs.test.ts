import { expect, test } from "vitest";
import { checkName, importOpfs, listOpfs, openOpfs } from "../../src/host/opfs.ts";

test("without a browser's storage, every use says what is needed", async () => {
  const acts = [listOpfs(), openOpfs("a.img"), openOpfs("a.img", { create: 1 }), importOpfs("a.img", new Blob(["x"]))];
  for (const act of acts) {
    await expect(act).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/; use .*\.$/) as string,
    });
  }
});

test.each(["a", "debian 13.qcow2", "ä.img", "...", ".hidden", "x".repeat(100)])(
  "a disk may have the name %j",
  (name) => {
    checkName(name);
  },
);

test.each(["", ".", "..", "a/b", "a\\b", "c:d", " a", "a ", "a\n", "\0", "\u{d800}", "x".repeat(101)])(
  "no disk has the name %j",
  (name) => {
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: "option" }));
  },
);
