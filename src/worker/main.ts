/** What a worker runs: the export `wasmvisor/worker`. */

import { ownPort } from "#thread";
import { serve } from "./server.ts";

serve(ownPort());
