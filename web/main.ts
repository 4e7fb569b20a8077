/** Sets the machine going before the rest of the page is there. */

import "./session/start.ts";
import { applyTheme } from "./ui/theme.ts";

applyTheme();
await import("./page.ts");
