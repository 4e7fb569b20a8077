/* A line editor for the console. */
#pragma once
#include <stddef.h>

/* Offers words that start with what has been typed: returns the n-th such word, or null. */
typedef const char *(*line_completer)(const char *prefix, unsigned n);

/* Reads one line without its end. Arrow keys move and recall, Tab completes, Ctrl-U clears, Ctrl-C gives it up. */
void line_read(const char *prompt, char *line, size_t bytes, line_completer complete);
