interface AscHost {
  readFile(name: string, baseDir: string): string | null | Promise<string | null>;
  writeFile(name: string, contents: Uint8Array | string, baseDir: string): void;
  listFiles(folder: string, baseDir: string): string[] | null;
}

declare const asc: {
  main(args: string[], host: AscHost): Promise<{ error: Error | null; stderr: { toString(): string } }>;
};

export default asc;
