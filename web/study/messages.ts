/** What the page and the study's worker say to each other. */

import type { StudyResult } from "../../src/study/result.ts";

export type StudyRequest = "run" | "stop";

export type StudyMessage =
  | { readonly kind: "progress"; readonly doing: string }
  | { readonly kind: "result"; readonly result: StudyResult; readonly final: boolean }
  | { readonly kind: "problem"; readonly message: string };
