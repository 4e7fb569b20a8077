/* A mixed integer load in the style of embedded benchmarks: list handling, matrices, text scanning, CRC. */
#include "workload.h"

WORKLOAD("mix", 600, {1, 0xe1d63a712f82641c}, {60, 0x88039a7ccc8fdf3e}, {600, 0x1f1b861d225d9b43},
         {3000, 0xbcaf517579b39138})

enum { NODES = 190, MATRIX = 11, TEXT = 900 };

static uint16_t crc16(uint16_t crc, uint32_t value, int bytes) {
  for (; bytes > 0; bytes--, value >>= 8) {
    uint8_t byte = (uint8_t)value;
    for (int bit = 0; bit < 8; bit++, byte >>= 1) {
      unsigned feedback = (crc ^ byte) & 1;
      crc >>= 1;
      if (feedback) crc ^= 0xa001;
    }
  }
  return crc;
}

/* Linked list. */

struct node {
  struct node *next;
  int16_t key;
  int16_t place;
};

static struct node nodes[NODES];

typedef int (*compare_nodes)(const struct node *, const struct node *);

static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_place(const struct node *a, const struct node *b) { return a->place - b->place; }

static struct node *list_make(uint64_t *seed) {
  for (int i = 0; i < NODES; i++) {
    nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
    nodes[i].key = (int16_t)(random_next(seed) & 0x1ff);
    nodes[i].place = (int16_t)i;
  }
  return nodes;
}

static struct node *list_merge(struct node *a, struct node *b, compare_nodes compare) {
  struct node head;
  struct node *tail = &head;
  while (a && b) {
    struct node **smaller = compare(a, b) <= 0 ? &a : &b;
    tail = tail->next = *smaller;
    *smaller = (*smaller)->next;
  }
  tail->next = a ? a : b;
  return head.next;
}

static struct node *list_sort(struct node *list, compare_nodes compare) {
  struct node *runs[12] = {0};
  while (list) {
    struct node *one = list;
    list = list->next;
    one->next = NULL;
    int rank = 0;
    for (; runs[rank]; rank++) {
      one = list_merge(runs[rank], one, compare);
      runs[rank] = NULL;
    }
    runs[rank] = one;
  }
  struct node *sorted = NULL;
  for (int rank = 0; rank < 12; rank++)
    if (runs[rank]) sorted = list_merge(runs[rank], sorted, compare);
  return sorted;
}

static const struct node *list_find(const struct node *list, int16_t key) {
  while (list && list->key != key) list = list->next;
  return list;
}

static struct node *list_reverse(struct node *list) {
  struct node *reversed = NULL;
  while (list) {
    struct node *rest = list->next;
    list->next = reversed;
    reversed = list;
    list = rest;
  }
  return reversed;
}

static uint16_t list_work(uint16_t crc, uint64_t *seed) {
  struct node *list = list_make(seed);
  unsigned found = 0;
  for (int i = 0; i < 40; i++) {
    const struct node *hit = list_find(list, (int16_t)(i * 13));
    found += hit ? (unsigned)hit->place : 1000u;
    list = list_reverse(list);
  }
  crc = crc16(crc, found, 4);
  list = list_sort(list, by_key);
  for (const struct node *n = list; n; n = n->next) crc = crc16(crc, (uint16_t)n->key, 2);
  list = list_sort(list, by_place);
  return crc16(crc, (uint16_t)list->next->key, 2);
}

/* Matrices of 16-bit numbers with 32-bit sums. */

static int16_t left[MATRIX][MATRIX];
static int16_t right[MATRIX][MATRIX];
static int32_t product[MATRIX][MATRIX];

static void matrix_add(int16_t value) {
  for (int i = 0; i < MATRIX; i++)
    for (int j = 0; j < MATRIX; j++) left[i][j] = (int16_t)(left[i][j] + value);
}

static void matrix_multiply(void) {
  for (int i = 0; i < MATRIX; i++)
    for (int j = 0; j < MATRIX; j++) {
      int32_t sum = 0;
      for (int k = 0; k < MATRIX; k++) sum += left[i][k] * right[k][j];
      product[i][j] = sum;
    }
}

static void matrix_multiply_fields(void) {
  for (int i = 0; i < MATRIX; i++)
    for (int j = 0; j < MATRIX; j++) {
      int32_t sum = 0;
      for (int k = 0; k < MATRIX; k++) {
        int32_t term = left[i][k] * right[k][j];
        sum += ((term >> 2) & 0xf) * ((term >> 5) & 0x7f);
      }
      product[i][j] = sum;
    }
}

static int32_t matrix_fold(void) {
  int32_t fold = 0;
  int32_t previous = 0;
  for (int i = 0; i < MATRIX; i++)
    for (int j = 0; j < MATRIX; j++) {
      int32_t value = product[i][j];
      fold += value > previous ? 10 : (value & 3);
      previous = value;
    }
  return fold;
}

static uint16_t matrix_work(uint16_t crc, uint64_t *seed) {
  for (int i = 0; i < MATRIX; i++)
    for (int j = 0; j < MATRIX; j++) {
      uint64_t r = random_next(seed);
      left[i][j] = (int16_t)(r & 0xff);
      right[i][j] = (int16_t)((r >> 8) & 0xff);
    }
  for (int16_t round = 0; round < 4; round++) {
    matrix_add((int16_t)(round * 3 + 1));
    matrix_multiply();
    crc = crc16(crc, (uint32_t)matrix_fold(), 4);
    matrix_multiply_fields();
    crc = crc16(crc, (uint32_t)matrix_fold(), 4);
  }
  return crc;
}

/* A scanner for numbers in text. */

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, POWER, INVALID, STATES };

static char text[TEXT];

static void text_make(uint64_t *seed) {
  static const char *const words[8] = {"5012", "-1234", "+87.6", "35.54e3", "-.123E-9", "T0.3e-1F", "1E+", "0x7f"};
  int at = 0;
  while (at < TEXT - 12) {
    const char *word = words[random_next(seed) & 7];
    while (*word) text[at++] = *word++;
    text[at++] = ',';
  }
  text[at] = '\0';
}

static enum state scan(enum state state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case START:
      if (digit) return INTEGER;
      if (c == '+' || c == '-') return SIGN;
      return c == '.' ? POINT : INVALID;
    case SIGN:
      if (digit) return INTEGER;
      return c == '.' ? POINT : INVALID;
    case INTEGER:
      if (digit) return INTEGER;
      if (c == '.') return POINT;
      return c == 'e' || c == 'E' ? EXPONENT : INVALID;
    case POINT:
    case FRACTION:
      if (digit) return FRACTION;
      return c == 'e' || c == 'E' ? EXPONENT : INVALID;
    case EXPONENT:
      if (digit) return POWER;
      return c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case POWER: return digit ? POWER : INVALID;
    default: return INVALID;
  }
}

static uint16_t text_work(uint16_t crc, uint64_t *seed) {
  uint32_t ends[STATES] = {0};
  uint32_t steps[STATES] = {0};
  text_make(seed);
  for (int round = 0; round < 8; round++) {
    enum state state = START;
    for (char *c = text; *c; c++) {
      if (*c == ',') {
        ends[state]++;
        state = START;
      } else {
        enum state next = scan(state, *c);
        if (next != state) steps[next]++;
        state = next;
      }
    }
    for (int i = round; i < TEXT; i += 37)
      if (text[i] && text[i] != ',') text[i] ^= 1;
  }
  for (int i = 0; i < STATES; i++) crc = crc16(crc16(crc, ends[i], 4), steps[i], 4);
  return crc;
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 0x1234567;
  uint64_t sum = 1;
  for (uint32_t i = 0; i < scale; i++) {
    uint16_t crc = list_work(0, &seed);
    crc = matrix_work(crc, &seed);
    crc = text_work(crc, &seed);
    sum = checksum_add(sum, crc);
  }
  return sum;
}
