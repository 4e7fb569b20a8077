/** Sets the machine going before the rest of the page is there. */

import "./session/start.ts";

await import("./page.ts");
