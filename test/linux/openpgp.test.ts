import { describe, expect, test } from "vitest";
import { digest, verifyEd25519 } from "../../src/host/digest.ts";
import { signedText } from "../../src/linux/openpgp.ts";
import { makeSigner } from "./archive-maker.ts";

const crypto = { digest, verifyEd25519 };

/** By GnuPG 2.2, with a key that was made for it. */
const KEY = "35694375a258f5bbde946136aac77b0bce429b3a868231404e59d5621f14c53c";
const TEXT =
  "Codename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n- a line that begins with a dash\ntrailing blanks\n\nend\n";
const SIGNED = (hash: string, signature: string) => `-----BEGIN PGP SIGNED MESSAGE-----
Hash: ${hash}

Codename: trixie
Date: Sat, 21 Nov 2026 09:15:44 UTC
- - a line that begins with a dash
trailing blanks \t

end
-----BEGIN PGP SIGNATURE-----

${signature}
-----END PGP SIGNATURE-----
`;
const BY_SHA256 = SIGNED(
  "SHA256",
  "iHUEARYIAB0WIQRUJLgRaYmPwP6QhXmoStQRkQ5LpwUCawtkSAAKCRCoStQRkQ5L\npygfAP9FOQunMf3/OnsUNfc0bIeFFvjAMaDDNqxTA3GAs6H81QEAjy9MhwQ9kop9\nqI/dNqQ0u0qBKVAqATNKq1Lfqf1c8Ao=\n=diFv",
);
const BY_SHA512 = SIGNED(
  "SHA512",
  "iHUEARYKAB0WIQRUJLgRaYmPwP6QhXmoStQRkQ5LpwUCawtkSAAKCRCoStQRkQ5L\np4atAP0UbQQ90b5PA5/rZL1NKJVf6wuTbb/AwQmu/ir9TpQiIwEAp6IyTXh8y95d\nLVCfTcdXPQwgjMf0oSYSLDVDh20R/g8=\n=AhJW",
);

const check = (message: string, key = KEY) => signedText(message, Buffer.from(key, "hex"), crypto);

describe("a signature by GnuPG", () => {
  test("is good, by either digest and with either line ends", () => {
    for (const message of [BY_SHA256, BY_SHA512]) {
      expect([check(message), check(message.replaceAll("\n", "\r\n"))]).toEqual([TEXT, TEXT]);
    }
  });

  test("is good for what it has signed only: nothing before, after or in it may be put in", () => {
    expect(check(`Codename: forged\n${BY_SHA256}Codename: forged\n`)).toBe(TEXT);
    for (const [from, to] of [
      ["trixie", "trixif"],
      ["\nend", "\nmore\nend"],
      ["\n\nend", "\nend"],
      ["- - a", "- a"],
      ["iHUEARYI", "iHUEABYI"],
      ["pygfAP9F", "pygfAP9G"],
    ] as const) {
      expect(BY_SHA256).toContain(from);
      expect(check(BY_SHA256.replace(from, to))).toBeUndefined();
    }
  });

  test("is good by its own key only", () => {
    expect(check(BY_SHA256, `${KEY.slice(0, -1)}d`)).toBeUndefined();
  });

  test("may be one of several", () => {
    const armor = (message: string) => /SIGNATURE-----\n\n([^=]*=*)\n=/.exec(message)![1]!;
    const [mine, other] = [makeSigner(), makeSigner()];
    const [own, foreign] = [mine, other].map(({ clearSign }) => clearSign(TEXT)) as [string, string];
    const both = Buffer.concat([foreign, own].map((message) => Buffer.from(armor(message), "base64")));
    const message = foreign.replace(armor(foreign), both.toString("base64"));
    expect([check(message, mine.key), check(message, other.key), check(message)]).toEqual([TEXT, TEXT, undefined]);
  });
});

test("what is no signed message at all is none", () => {
  for (const message of [
    "",
    TEXT,
    BY_SHA256.slice(0, 200),
    BY_SHA256.replace(/iHUE[^=]*=/, "!"),
    "-----BEGIN PGP SIGNED MESSAGE-----",
  ]) {
    expect(check(message)).toBeUndefined();
  }
});
