/*
 * Non-local exits: a recursive-descent parser that leaves from deep inside on the first error.
 * With jumps (setjmp style) an error unwinds at once; Wasm has none in C, there it returns level by level. The results
 * are the same.
 */
#include "workload.h"

WORKLOAD("exceptions", 1600, {1, 0x997391977e1a7686}, {160, 0xb2ce5cf098f7d284}, {1600, 0xb5c524272aac1cfd})

#if defined(WORKLOAD_BARE)
#include "jump.h"
#define HAVE_JUMPS 1
#elif !defined(__wasm__)
#include <setjmp.h>
typedef jmp_buf jump_buffer;
#define jump_save setjmp
#define jump_to longjmp
#define HAVE_JUMPS 1
#endif

enum { TEXT = 256, EXPRESSIONS = 16 };
enum error { NO_ERROR, DIVIDED_BY_ZERO, UNEXPECTED, TOO_DEEP };

static char text[TEXT];
static const char *at;
static enum error error;
#ifdef HAVE_JUMPS
static jump_buffer handler;
#endif

static int64_t fail(enum error why) {
  error = why;
#ifdef HAVE_JUMPS
  jump_to(handler, (int)why);
#endif
  return 0;
}

static int64_t sum_of(int depth);

static int64_t atom(int depth) {
  if (depth > 40) return fail(TOO_DEEP);
  if (*at == '(') {
    at++;
    int64_t value = sum_of(depth + 1);
    if (error) return 0;
    if (*at != ')') return fail(UNEXPECTED);
    at++;
    return value;
  }
  if (*at < '0' || *at > '9') return fail(UNEXPECTED);
  int64_t value = 0;
  for (; *at >= '0' && *at <= '9'; at++) value = value * 10 + (*at - '0');
  return value;
}

static int64_t product_of(int depth) {
  int64_t value = atom(depth);
  while (!error && (*at == '*' || *at == '/')) {
    char op = *at++;
    int64_t right = atom(depth);
    if (error) return 0;
    if (op == '/' && right == 0) return fail(DIVIDED_BY_ZERO);
    value = op == '*' ? (int64_t)((uint64_t)value * (uint64_t)right) & 0xffffff : value / right;
  }
  return value;
}

static int64_t sum_of(int depth) {
  int64_t value = product_of(depth);
  while (!error && (*at == '+' || *at == '-')) {
    char op = *at++;
    int64_t right = product_of(depth);
    if (error) return 0;
    value = op == '+' ? value + right : value - right;
  }
  return value;
}

static int64_t evaluate(void) {
  at = text;
  error = NO_ERROR;
#ifdef HAVE_JUMPS
  if (jump_save(handler)) return -(int64_t)error;
#endif
  int64_t value = sum_of(0);
  if (!error && *at) fail(UNEXPECTED);
  return error ? -(int64_t)error : value;
}

static void make_text(uint64_t *seed) {
  int n = 0, open = 0;
  while (n < TEXT - 64) {
    uint64_t r = random_next(seed);
    while ((r & 3) == 0 && open < 30) {
      text[n++] = '(';
      open++;
      r >>= 2;
    }
    text[n++] = (char)('1' + (r >> 8) % 9 - ((r >> 16 & 127) == 0));
    if ((r >> 24 & 3) == 0 && open > 0) {
      text[n++] = ')';
      open--;
    }
    text[n++] = (r >> 32 & 255) == 0 ? '!' : "+-*/"[r >> 40 & 3];
  }
  text[n++] = '1';
  while (open-- > 0) text[n++] = ')';
  text[n] = '\0';
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 31, sum = 1;
  uint32_t errors = 0;
  for (uint32_t round = 0; round < scale; round++)
    for (int i = 0; i < EXPRESSIONS; i++) {
      make_text(&seed);
      int64_t value = evaluate();
      errors += error != NO_ERROR;
      sum = checksum_add(sum, (uint64_t)value);
    }
  if (scale && (errors == 0 || errors == scale * EXPRESSIONS)) return 0;
  return sum;
}
