import { describe, expect, test } from "vitest";
import { fetchFile, fetchLinux } from "../../src/linux/archive.ts";
import { LINUX, type PackagedFile, SUITE } from "../../src/linux/release.ts";
import { fakeArchive, hex, makeDeb, makeSigner, makeTar, storeXz } from "./archive-maker.ts";

const withCode = (code: string) => expect.objectContaining({ code }) as Error;
const kernel = new Uint8Array(5000).map((_, index) => index % 251);
const modules = new Uint8Array(100_000).fill(7);

const kernelDeb = (data = kernel) =>
  makeDeb(
    makeTar([
      ["./boot/", new Uint8Array(0), "5"],
      ["././@LongLink", Buffer.from("./boot/a-name-of-another-kind\0"), "L"],
      ["./boot/a-name", Buffer.from("x")],
      ["./boot/vmlinux", data],
      ["./usr/modules", modules],
    ]),
  );

const pinned = (deb: Uint8Array): PackagedFile => ({
  package: "pool/k.deb",
  packageBytes: deb.length,
  packageSha256: hex(deb),
  path: "boot/vmlinux",
  bytes: kernel.length,
  sha256: hex(kernel),
});

const listed = (deb: Uint8Array): PackagedFile => {
  const { package: place, packageBytes, packageSha256, path } = pinned(deb);
  return { package: place, packageBytes, packageSha256, path };
};

describe("a file out of a package", () => {
  test("whose hash is known comes without the rest of the package", async () => {
    const { archive, read } = fakeArchive({ "pool/k.deb": kernelDeb() });
    expect(await fetchFile(archive, pinned(kernelDeb()))).toEqual(kernel);
    expect(read["pool/k.deb"]).toBeLessThan(10_000);
  });

  test("whose hash is not known comes when all of the package is right", async () => {
    const { archive, read } = fakeArchive({ "pool/k.deb": kernelDeb() });
    const loaded: number[] = [];
    expect(await fetchFile(archive, listed(kernelDeb()), (bytes) => loaded.push(bytes))).toEqual(kernel);
    expect([read["pool/k.deb"], loaded.at(-1)]).toEqual([kernelDeb().length, kernelDeb().length]);
  });

  test("may be packed by xz", async () => {
    const deb = makeDeb(storeXz(makeTar([["boot/vmlinux", kernel]])), "data.tar.xz");
    expect(await fetchFile(fakeArchive({ "pool/k.deb": deb }).archive, listed(deb))).toEqual(kernel);
  });

  test("that is another is refused, whichever hash is known", async () => {
    const forged = kernelDeb(kernel.map((byte, index) => (index === 77 ? byte ^ 1 : byte)));
    const { archive } = fakeArchive({ "pool/k.deb": forged });
    for (const file of [pinned(kernelDeb()), listed(kernelDeb())]) {
      await expect(fetchFile(archive, file)).rejects.toThrow(withCode("archive-hash"));
    }
    // Behind the file, where only the package's hash looks.
    const tail = kernelDeb();
    tail[tail.length - 2000]! ^= 1;
    const other = fakeArchive({ "pool/k.deb": tail }).archive;
    expect(await fetchFile(other, pinned(kernelDeb()))).toEqual(kernel);
    await expect(fetchFile(other, listed(kernelDeb()))).rejects.toThrow(withCode("archive-hash"));
  });

  test("that is longer, shorter, larger or not there is refused", async () => {
    const deb = kernelDeb();
    const longer = new Uint8Array([...deb, 0]);
    const cases: [Uint8Array, PackagedFile][] = [
      [longer, listed(deb)],
      [deb.subarray(0, -9), listed(deb)],
      [deb.subarray(0, 3000), pinned(deb)],
      [deb, { ...pinned(deb), bytes: kernel.length - 1 }],
      [deb, { ...listed(deb), path: "boot/other" }],
      [makeDeb(new Uint8Array(10), "data.tar.zst"), listed(deb)],
      [new Uint8Array(3000), listed(deb)],
    ];
    for (const [bytes, file] of cases) {
      const { archive } = fakeArchive({ "pool/k.deb": bytes });
      await expect(fetchFile(archive, file)).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^archive/) as string }),
      );
    }
  });
});

describe("what the archive has dropped", () => {
  const { key, clearSign } = makeSigner();
  const suite = { ...SUITE, key };
  const busyboxDeb = makeDeb(makeTar([["./usr/bin/busybox", Buffer.from("box")]]));
  const deb = makeDeb(makeTar([["./boot/vmlinux-7.1-riscv64", kernel]]));

  const stanza = (name: string, place: string, bytes: Uint8Array, more = "") =>
    `Package: ${name}\nVersion: 1\n${more}Filename: ${place}\nSize: ${bytes.length}\nSHA256: ${hex(bytes)}\n`;
  const packages = [
    stanza("aardvark", "pool/a.deb", deb),
    stanza("busybox-static", "pool/b.deb", busyboxDeb),
    stanza("linux-image-6.9-riscv64", "pool/old.deb", deb),
    stanza("linux-image-7.1-riscv64", "pool/k.deb", deb),
    stanza("linux-image-riscv64", "pool/m.deb", deb, "Depends: linux-image-7.1-riscv64 (= 7.1-1)\n"),
  ].join("\n");

  const release = (index: Uint8Array, { date = "Sat, 05 Dec 2026 09:15:44 UTC", codename = "trixie" } = {}) =>
    `Codename: ${codename}\nDate: ${date}\nMD5Sum:\n ${"0".repeat(32)} 1 ${SUITE.packages}\nSHA256:\n ${"0".repeat(64)} 1 main/other\n ${hex(index)} ${index.length} ${SUITE.packages}\n`;

  const archiveOf = (text: string, sign = clearSign, options = {}) => {
    const index = storeXz(Buffer.from(text));
    return fakeArchive({
      [SUITE.release]: sign(release(index, options)),
      [`dists/trixie/${SUITE.packages}`]: index,
      "pool/b.deb": busyboxDeb,
      "pool/k.deb": deb,
    });
  };
  const fetch = ({ archive }: ReturnType<typeof archiveOf>) => fetchLinux(archive, () => undefined, { suite });

  test("is replaced by the newest that the signed index lists", async () => {
    const made = archiveOf(packages);
    const { version, ...files } = await fetch(made);
    expect(version).toBe("7.1-riscv64");
    expect(files).toEqual({ kernel, busybox: new Uint8Array(Buffer.from("box")), modules: new Map() });
    expect(Object.keys(made.read)).not.toContain(LINUX.kernel.package);
  });

  test("comes with the kernel's modules when they are asked for", async () => {
    const place = (name: string) => `./usr/lib/modules/7.1-riscv64/${name}.ko.xz`;
    const [net, bus] = [modules.subarray(0, 70_000), modules.subarray(0, 9)];
    const files: [string, Uint8Array][] = [
      ["./boot/vmlinux-7.1-riscv64", kernel],
      [place("kernel/drivers/net/net"), storeXz(net)],
      [place("kernel/bus"), storeXz(bus)],
      ["./usr/share/last", kernel],
    ];
    const fetchFrom = (tar: Uint8Array, damage = 0) => {
      const whole = makeDeb(tar);
      const listing = packages.replace(stanza("linux-image-7.1-riscv64", "pool/k.deb", deb), () =>
        stanza("linux-image-7.1-riscv64", "pool/k.deb", whole),
      );
      const index = storeXz(Buffer.from(listing));
      const { archive } = fakeArchive({
        [SUITE.release]: clearSign(release(index)),
        [`dists/trixie/${SUITE.packages}`]: index,
        "pool/b.deb": busyboxDeb,
        "pool/k.deb": whole.map((byte, at) => (at === whole.length - 1100 ? byte ^ damage : byte)),
      });
      return fetchLinux(archive, () => undefined, { suite, modules: ["kernel/bus", "kernel/drivers/net/net"] });
    };
    const fetched = await fetchFrom(makeTar(files));
    expect(fetched.kernel).toEqual(kernel);
    // In the order in which they were asked for.
    expect([...fetched.modules]).toEqual([
      ["bus.ko", bus],
      ["net.ko", net],
    ]);
    await expect(fetchFrom(makeTar(files), 1)).rejects.toThrow(withCode("archive-hash"));
    await expect(fetchFrom(makeTar(files.slice(0, 2)))).rejects.toThrow(/does not have the file .*kernel\/bus/);
  });

  test.each([
    ["signed by somebody else", archiveOf(packages, makeSigner().clearSign)],
    ["not signed", archiveOf(packages, (text) => text)],
    ["older than what is pinned", archiveOf(packages, clearSign, { date: "Sat, 06 Sep 2025 09:15:44 UTC" })],
    ["of another suite", archiveOf(packages, clearSign, { codename: "sid" })],
  ])("is not taken from an index that is %s", async (_, made) => {
    await expect(fetch(made)).rejects.toThrow(withCode("archive-signature"));
    expect(Object.keys(made.read)).toEqual([SUITE.release]);
  });

  test("is not taken from an index other than the signed one, nor from one that makes no sense", async () => {
    const forged = fakeArchive({
      [SUITE.release]: clearSign(release(storeXz(Buffer.from(packages)))),
      [`dists/trixie/${SUITE.packages}`]: storeXz(Buffer.from(packages.replace("Version: 1", "Version: 2"))),
    });
    await expect(fetch(forged)).rejects.toThrow(/is not the signed one/);
    const nonsense = [
      "",
      packages.replace("Depends", "Needs"),
      packages.replaceAll("pool/", "../"),
      packages.replaceAll("Size: ", "Size: -"),
      packages.replaceAll("SHA256: ", "SHA256: x"),
    ];
    for (const text of nonsense) await expect(fetch(archiveOf(text))).rejects.toThrow(withCode("archive"));
  });
});
