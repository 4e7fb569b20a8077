/* A small printf. */
#include <stdbool.h>

#include "console.h"

struct sink {
  char *buffer; /* null: the console */
  size_t bytes;
  size_t length;
};

struct spec {
  bool left;
  bool zero;
  bool is_long;
  int width;
  int precision;
};

static void emit(struct sink *sink, char c) {
  if (!sink->buffer) {
    if (c == '\n') putchar_raw('\r');
    putchar_raw(c);
  } else if (sink->length + 1 < sink->bytes) {
    sink->buffer[sink->length++] = c;
  }
}

static void emit_padded(struct sink *sink, const struct spec *spec, const char *text, int length) {
  int padding = spec->width - length;
  if (!spec->left)
    for (; padding > 0; padding--) emit(sink, spec->zero ? '0' : ' ');
  for (int i = 0; i < length; i++) emit(sink, text[i]);
  for (; padding > 0; padding--) emit(sink, ' ');
}

static void emit_number(struct sink *sink, struct spec *spec, uint64_t value, unsigned base, bool negative,
                        bool upper) {
  char digits[24];
  int at = sizeof digits;
  do {
    unsigned digit = (unsigned)(value % base);
    digits[--at] = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
    value /= base;
  } while (value);
  if (negative) {
    if (spec->zero) {
      emit(sink, '-');
      spec->width--;
    } else {
      digits[--at] = '-';
    }
  }
  emit_padded(sink, spec, digits + at, (int)sizeof digits - at);
}

static const char *parse_spec(const char *format, struct spec *spec, va_list *args) {
  *spec = (struct spec){.precision = -1};
  for (;; format++) {
    if (*format == '-')
      spec->left = true;
    else if (*format == '0')
      spec->zero = true;
    else
      break;
  }
  if (*format == '*') {
    spec->width = va_arg(*args, int);
    format++;
  }
  for (; *format >= '0' && *format <= '9'; format++) spec->width = spec->width * 10 + (*format - '0');
  if (*format == '.') {
    spec->precision = 0;
    for (format++; *format >= '0' && *format <= '9'; format++) spec->precision = spec->precision * 10 + (*format - '0');
  }
  for (; *format == 'l'; format++) spec->is_long = true;
  return format;
}

static void emit_string(struct sink *sink, struct spec *spec, const char *text) {
  int length = 0;
  while (text[length] && length != spec->precision) length++;
  spec->zero = false;
  emit_padded(sink, spec, text, length);
}

static void format_to(struct sink *sink, const char *format, va_list *args) {
  for (; *format; format++) {
    if (*format != '%') {
      emit(sink, *format);
      continue;
    }
    struct spec spec;
    format = parse_spec(format + 1, &spec, args);
    switch (*format) {
      case 'd':
      case 'i': {
        int64_t value = spec.is_long ? va_arg(*args, int64_t) : va_arg(*args, int);
        emit_number(sink, &spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, false);
        break;
      }
      case 'u':
      case 'x':
      case 'X': {
        uint64_t value = spec.is_long ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
        emit_number(sink, &spec, value, *format == 'u' ? 10 : 16, false, *format == 'X');
        break;
      }
      case 'p':
        emit(sink, '0');
        emit(sink, 'x');
        emit_number(sink, &spec, va_arg(*args, uint64_t), 16, false, false);
        break;
      case 's': emit_string(sink, &spec, va_arg(*args, const char *)); break;
      case 'c': emit(sink, (char)va_arg(*args, int)); break;
      case '\0': return;
      default: emit(sink, *format);
    }
  }
}

void printf(const char *format, ...) {
  struct sink sink = {0};
  va_list args;
  va_start(args, format);
  format_to(&sink, format, &args);
  va_end(args);
}

size_t format_into(char *buffer, size_t bytes, const char *format, ...) {
  struct sink sink = {buffer, bytes, 0};
  va_list args;
  va_start(args, format);
  format_to(&sink, format, &args);
  va_end(args);
  if (bytes) buffer[sink.length] = '\0';
  return sink.length;
}
