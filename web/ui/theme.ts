/** Dark and light: as the system says, until somebody chooses. */

const KEY = "wasmvisor.theme";

type Theme = "light" | "dark";

const SUN = `<svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"><circle cx="10" cy="10" r="3.5"/><path d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4"/></svg>`;
const MOON = `<svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><path d="M16.5 12A7 7 0 1 1 8 3.5a5.6 5.6 0 0 0 8.5 8.5Z"/></svg>`;

/** Storage may be forbidden; then the choice lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It lasts as long as the page.
  }
}

const system = matchMedia("(prefers-color-scheme: dark)");
let chosen = stored();

function present(): Theme {
  if (chosen === "dark" || chosen === "light") return chosen;
  return system.matches ? "dark" : "light";
}

/** Gives the page its colours. Call it early: until then the page is light. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = present();
}

/** Makes `button` the switch; `onChange` is called now and at each change. */
export function setUpTheme(button: HTMLButtonElement, onChange: () => void): void {
  const show = () => {
    applyTheme();
    const other = present() === "dark" ? "light" : "dark";
    button.innerHTML = other === "light" ? SUN : MOON;
    button.setAttribute("aria-label", `Use the ${other} theme`);
    button.title = `Use the ${other} theme`;
    onChange();
  };
  button.addEventListener("click", () => {
    chosen = present() === "dark" ? "light" : "dark";
    store(chosen);
    show();
  });
  system.addEventListener("change", show);
  show();
}
