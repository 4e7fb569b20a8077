/** Making elements. */

type Child = Node | string | undefined;

/** Properties of the element; `class`, `data-…`, `aria-…` and `role` are set as attributes. */
type Props = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;

/** `<tag …props>children</tag>` */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else if (name in element && name !== "list") (element as unknown as Record<string, unknown>)[name] = value;
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The `<tag>` with this id, which index.html has. */
export function byId<Tag extends keyof HTMLElementTagNameMap>(id: string, tag: Tag): HTMLElementTagNameMap[Tag] {
  const element = document.querySelector<HTMLElementTagNameMap[Tag]>(`${tag}#${id}`);
  if (element === null) throw new Error(`index.html has no <${tag} id="${id}">`);
  return element;
}

/** A colour of the style sheet, as it is in the present theme. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The parts of a colour in hexadecimal digits. */
export function rgb(hexColour: string): [number, number, number] {
  const value = Number.parseInt(hexColour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Fits a canvas to its box at the screen's resolution; returns its size in CSS pixels and the context, scaled. */
export function prepare(canvas: HTMLCanvasElement): {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
} {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  return { context, width, height };
}
