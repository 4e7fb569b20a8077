/* A line editor: only backspaces and spaces are sent, so it works on any terminal. */
#include "line.h"

#include "console.h"
#include "input.h"
#include "memory.h"

enum { HISTORY = 16, LINE = 96 };
enum { CTRL_A = 1, CTRL_C = 3, CTRL_E = 5, BACKSPACE = 8, TAB = 9, CTRL_U = 21, ESCAPE = 27, DELETE = 127 };

static char history[HISTORY][LINE];
static unsigned history_count;

struct editor {
  char *text;
  size_t bytes;
  size_t length;
  size_t cursor;
  unsigned recalled; /* how many lines back; 0 is the line being typed */
};

static void back(size_t count) {
  while (count--) putchar_raw('\b');
}

/* Shows the text from `from` on, blanks `gone` columns after it, and puts the cursor back to its place. */
static void redraw(struct editor *e, size_t from, size_t gone) {
  for (size_t i = from; i < e->length; i++) putchar_raw(e->text[i]);
  for (size_t i = 0; i < gone; i++) putchar_raw(' ');
  back(e->length - e->cursor + gone);
}

static void insert(struct editor *e, char c) {
  if (e->length + 1 >= e->bytes) return;
  memmove(e->text + e->cursor + 1, e->text + e->cursor, e->length - e->cursor);
  e->text[e->cursor++] = c;
  e->length++;
  redraw(e, e->cursor - 1, 0);
}

static void erase(struct editor *e) {
  if (e->cursor == 0) return;
  memmove(e->text + e->cursor - 1, e->text + e->cursor, e->length - e->cursor);
  e->cursor--;
  e->length--;
  putchar_raw('\b');
  redraw(e, e->cursor, 1);
}

static void move_to(struct editor *e, size_t cursor) {
  if (cursor > e->length) return;
  for (; e->cursor < cursor; e->cursor++) putchar_raw(e->text[e->cursor]);
  back(e->cursor - cursor);
  e->cursor = cursor;
}

static void replace(struct editor *e, const char *text) {
  size_t before = e->length;
  move_to(e, 0);
  e->length = 0;
  while (text[e->length] && e->length + 1 < e->bytes) {
    e->text[e->length] = text[e->length];
    e->length++;
  }
  e->cursor = e->length;
  redraw(e, 0, before > e->length ? before - e->length : 0);
}

static void recall(struct editor *e, unsigned lines_back) {
  unsigned kept = history_count < HISTORY ? history_count : HISTORY;
  if (lines_back > kept) return;
  e->recalled = lines_back;
  replace(e, lines_back ? history[(history_count - lines_back) % HISTORY] : "");
}

/* The rest of an escape sequence: ESC [ letter. */
static void escape(struct editor *e) {
  int introducer = input_read();
  if (introducer != '[' && introducer != 'O') return;
  int code = input_read();
  while (code >= '0' && code <= ';') code = input_read();
  switch (code) {
    case 'A': recall(e, e->recalled + 1); break;
    case 'B': recall(e, e->recalled ? e->recalled - 1 : 0); break;
    case 'C': move_to(e, e->cursor + 1); break;
    case 'D': move_to(e, e->cursor ? e->cursor - 1 : 0); break;
    case 'H': move_to(e, 0); break;
    case 'F': move_to(e, e->length); break;
  }
}

static void complete_word(struct editor *e, const char *prompt, line_completer complete) {
  e->text[e->length] = '\0';
  if (e->cursor != e->length) return;
  const char *first = complete(e->text, 0);
  if (!first) return;
  if (!complete(e->text, 1)) {
    for (const char *rest = first + e->length; *rest; rest++) insert(e, *rest);
    insert(e, ' ');
    return;
  }
  puts_raw("\n");
  const char *word;
  for (unsigned n = 0; (word = complete(e->text, n)); n++) printf("%s  ", word);
  printf("\n%s", prompt);
  redraw(e, 0, 0);
}

static void remember(const char *line) {
  if (!*line) return;
  if (history_count && strcmp(history[(history_count - 1) % HISTORY], line) == 0) return;
  format_into(history[history_count++ % HISTORY], LINE, "%s", line);
}

void line_read(const char *prompt, char *line, size_t bytes, line_completer complete) {
  struct editor e = {.text = line, .bytes = bytes < LINE ? bytes : LINE};
  puts_raw(prompt);
  for (;;) {
    int c = input_read();
    switch (c) {
      case '\r':
      case '\n':
        line[e.length] = '\0';
        puts_raw("\n");
        remember(line);
        return;
      case CTRL_C:
        line[0] = '\0';
        puts_raw("^C\n");
        return;
      case BACKSPACE:
      case DELETE: erase(&e); break;
      case TAB: complete_word(&e, prompt, complete); break;
      case CTRL_U: replace(&e, ""); break;
      case CTRL_A: move_to(&e, 0); break;
      case CTRL_E: move_to(&e, e.length); break;
      case ESCAPE: escape(&e); break;
      default:
        if (c >= ' ' && c < DELETE) insert(&e, (char)c);
    }
  }
}
