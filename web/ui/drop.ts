/** Files dragged over the page, wherever. */

/** Shows `curtain` while files are over the page, and hands over what is dropped. */
export function acceptDrops(curtain: HTMLElement, onFiles: (files: readonly File[]) => void): void {
  let depth = 0;
  const cover = (by: number) => {
    depth = Math.max(0, depth + by);
    curtain.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => {
    if (event.dataTransfer?.types.includes("Files") === true) cover(1);
  });
  addEventListener("dragleave", () => cover(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    cover(-depth);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}
