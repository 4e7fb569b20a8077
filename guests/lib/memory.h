/* Memory and string primitives of the runtime. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
bool starts_with(const char *text, const char *prefix);

/* A whole decimal or 0x number; false when the text is anything else. */
bool parse_number(const char *text, uint64_t *value);

/* Looks for `name` or `name=value` among words parted by spaces; copies the value (empty for a bare name). */
bool find_word(const char *words, const char *name, char *value, size_t bytes);
