/* The sun and four planets under gravity, in doubles; the total energy must be kept. */
#include "workload.h"

#define CHECKSUMS {1, 0xb0bed21e74e2c146}, {12, 0xc2c91f13babcacf5}, {120, 0x354c8c7af3ac45da}
#ifndef WORKLOAD_CONTRACTED
WORKLOAD("nbody", 120, CHECKSUMS)
#endif

enum { BODIES = 5, STEPS = 2000 };

struct body {
  double x, y, z, vx, vy, vz, mass;
};

#define PI 3.141592653589793
#define SOLAR_MASS (4 * PI * PI)
#define DAYS 365.24

/* Astronomical units, years, and masses in units where the constant of gravity is 1. */
static const struct body start[BODIES] = {
    {0, 0, 0, 0, 0, 0, SOLAR_MASS},
    {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694 * DAYS,
     0.00769901118419740425 * DAYS, -0.0000690460016972063023 * DAYS, 0.000954791938424326609 * SOLAR_MASS},
    {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411077 * DAYS,
     0.00499852801234917238 * DAYS, 0.0000230417297573763929 * DAYS, 0.000285885980666130812 * SOLAR_MASS},
    {12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618 * DAYS,
     0.00237847173959480950 * DAYS, -0.0000296589568540237556 * DAYS, 0.0000436624404335156298 * SOLAR_MASS},
    {15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322 * DAYS,
     0.00162824170038242295 * DAYS, -0.0000951592254519715870 * DAYS, 0.0000515138902046611451 * SOLAR_MASS},
};

static void balance(struct body *b) {
  double px = 0, py = 0, pz = 0;
  for (int i = 0; i < BODIES; i++) {
    px += b[i].vx * b[i].mass;
    py += b[i].vy * b[i].mass;
    pz += b[i].vz * b[i].mass;
  }
  b[0].vx = -px / SOLAR_MASS;
  b[0].vy = -py / SOLAR_MASS;
  b[0].vz = -pz / SOLAR_MASS;
}

static double energy(const struct body *b) {
  double sum = 0;
  for (int i = 0; i < BODIES; i++) {
    sum += 0.5 * b[i].mass * (b[i].vx * b[i].vx + b[i].vy * b[i].vy + b[i].vz * b[i].vz);
    for (int j = i + 1; j < BODIES; j++) {
      double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
      sum -= b[i].mass * b[j].mass / __builtin_sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

static void advance(struct body *b, double dt) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
      double square = dx * dx + dy * dy + dz * dz;
      double pull = dt / (square * __builtin_sqrt(square));
      double mi = b[i].mass * pull, mj = b[j].mass * pull;
      b[i].vx -= dx * mj, b[i].vy -= dy * mj, b[i].vz -= dz * mj;
      b[j].vx += dx * mi, b[j].vy += dy * mi, b[j].vz += dz * mi;
    }
  for (int i = 0; i < BODIES; i++) {
    b[i].x += dt * b[i].vx;
    b[i].y += dt * b[i].vy;
    b[i].z += dt * b[i].vz;
  }
}

uint64_t run(uint32_t scale) {
  struct body bodies[BODIES];
  for (int i = 0; i < BODIES; i++) bodies[i] = start[i];
  balance(bodies);
  double first = energy(bodies);
  uint64_t sum = checksum_add_double(1, first);
  for (uint32_t round = 0; round < scale; round++) {
    for (int step = 0; step < STEPS; step++) advance(bodies, 0.01);
    sum = checksum_add_double(sum, bodies[1].x);
  }
  double drift = energy(bodies) - first;
  if (drift > 1e-4 || drift < -1e-4) return 0;
  for (int i = 0; i < BODIES; i++) sum = checksum_add_double(sum, bodies[i].y);
  return sum;
}
