/* Whether a checksum is the right one. */
#pragma once
#include "workload.h"

/* UNLISTED: the workload's own checks passed, and no checksum is on record for this scale. */
enum verdict { OK, BAD, UNLISTED };

static const char *const verdict_names[] = {"ok", "bad", "unlisted"};

static inline enum verdict judge_against(const struct workload_expected *e, uint32_t scale, uint32_t footprint,
                                         uint64_t checksum) {
  if (checksum == 0) return BAD;
  for (; e->scale; e++)
    if (e->scale == scale && e->footprint == footprint) return e->checksum == checksum ? OK : BAD;
  return UNLISTED;
}

static inline enum verdict judge(uint32_t scale, uint64_t checksum) {
  return judge_against(workload_expected, scale, workload_footprint, checksum);
}
