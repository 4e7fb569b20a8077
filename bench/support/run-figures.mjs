// run-figures.mjs NAME KERNEL [--quick]: measures a figure of bench/figures.ts, and prints its rows and its plot as JSON. KERNEL is the guest
// that stores to pages (figures/storing.mjs), in base64.

import { balloon } from "./figures/balloon.mjs";
import { burst } from "./figures/burst.mjs";
import { idleTax } from "./figures/idle-tax.mjs";
import { downtime, rounds } from "./figures/migration.mjs";
import { sharing } from "./figures/sharing.mjs";

const FIGURES = { sharing, balloon, "idle-tax": idleTax, rounds, downtime, burst };

const [name, kernel] = process.argv.slice(2);
console.log(JSON.stringify(await FIGURES[name]({ kernel, quick: process.argv.includes("--quick") })));
process.exit(0);
