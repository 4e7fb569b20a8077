/* Reads a flattened device tree in place: nothing is copied, nothing allocated. */
#include "fdt.h"

#include "memory.h"

enum { MAGIC = 0xd00dfeed };
enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };
enum { HEADER_TOTAL = 4, HEADER_STRUCT = 8, HEADER_STRINGS = 12 };

uint32_t fdt_cell(const void *at) {
  const uint8_t *b = at;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t fdt_bytes(const void *fdt) { return fdt_cell((const uint8_t *)fdt + HEADER_TOTAL); }

static const uint8_t *token_at(const uint8_t *fdt, uint32_t offset) {
  return fdt + fdt_cell(fdt + HEADER_STRUCT) + offset;
}

static uint32_t after_name(const uint8_t *fdt, uint32_t offset) {
  return (offset + (uint32_t)strlen((const char *)token_at(fdt, offset)) + 1 + 3) & ~3u;
}

static uint32_t after_property(const uint8_t *fdt, uint32_t offset) {
  return (offset + 12 + fdt_cell(token_at(fdt, offset) + 4) + 3) & ~3u;
}

static void enter(struct fdt_node *node, uint32_t name_offset) {
  node->name = (const char *)token_at(node->fdt, name_offset);
  node->offset = after_name(node->fdt, name_offset);
  if (node->depth >= FDT_DEPTH) return;
  node->address_cells[node->depth] = (uint8_t)fdt_number(node, "#address-cells", 2);
  node->size_cells[node->depth] = (uint8_t)fdt_number(node, "#size-cells", 1);
}

bool fdt_root(const void *fdt, struct fdt_node *node) {
  if (!fdt || fdt_cell(fdt) != MAGIC) return false;
  *node = (struct fdt_node){.fdt = fdt};
  if (fdt_cell(token_at(fdt, 0)) != BEGIN_NODE) return false;
  enter(node, 4);
  return true;
}

bool fdt_next(struct fdt_node *node) {
  uint32_t offset = node->offset;
  for (;;) {
    switch (fdt_cell(token_at(node->fdt, offset))) {
      case BEGIN_NODE:
        node->depth++;
        enter(node, offset + 4);
        return true;
      case END_NODE:
        node->depth--;
        offset += 4;
        break;
      case PROP: offset = after_property(node->fdt, offset); break;
      case NOP: offset += 4; break;
      default: return false;
    }
  }
}

const void *fdt_property(const struct fdt_node *node, const char *name, uint32_t *bytes) {
  const uint8_t *strings = node->fdt + fdt_cell(node->fdt + HEADER_STRINGS);
  uint32_t offset = node->offset;
  for (;;) {
    const uint8_t *token = token_at(node->fdt, offset);
    uint32_t kind = fdt_cell(token);
    if (kind == NOP) {
      offset += 4;
      continue;
    }
    if (kind != PROP) return NULL;
    if (strcmp((const char *)strings + fdt_cell(token + 8), name) == 0) {
      if (bytes) *bytes = fdt_cell(token + 4);
      return token + 12;
    }
    offset = after_property(node->fdt, offset);
  }
}

const char *fdt_string(const struct fdt_node *node, const char *name, const char *otherwise) {
  const char *value = fdt_property(node, name, NULL);
  return value ? value : otherwise;
}

uint64_t fdt_number(const struct fdt_node *node, const char *name, uint64_t otherwise) {
  uint32_t bytes;
  const uint8_t *value = fdt_property(node, name, &bytes);
  if (!value || bytes < 4) return otherwise;
  return bytes >= 8 ? (uint64_t)fdt_cell(value) << 32 | fdt_cell(value + 4) : fdt_cell(value);
}

static uint64_t cells(const uint8_t *at, unsigned count) {
  uint64_t value = 0;
  for (unsigned i = 0; i < count; i++) value = value << 32 | fdt_cell(at + 4 * i);
  return value;
}

bool fdt_reg(const struct fdt_node *node, unsigned index, uint64_t *address, uint64_t *size) {
  int parent = node->depth - 1;
  if (parent < 0 || parent >= FDT_DEPTH) return false;
  unsigned na = node->address_cells[parent];
  unsigned ns = node->size_cells[parent];
  uint32_t bytes;
  const uint8_t *reg = fdt_property(node, "reg", &bytes);
  if (!reg || bytes < (index + 1) * (na + ns) * 4) return false;
  reg += index * (na + ns) * 4;
  *address = cells(reg, na);
  *size = cells(reg + 4 * na, ns);
  return true;
}

static bool name_matches(const char *name, const char *component, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (name[i] != component[i]) return false;
  return name[length] == '\0' || name[length] == '@';
}

bool fdt_find(const void *fdt, const char *path, struct fdt_node *node) {
  if (!fdt_root(fdt, node)) return false;
  while (*path == '/') {
    const char *component = ++path;
    while (*path && *path != '/') path++;
    size_t length = (size_t)(path - component);
    int depth = node->depth + 1;
    do {
      if (!fdt_next(node) || node->depth < depth) return false;
    } while (node->depth != depth || !name_matches(node->name, component, length));
  }
  return true;
}

static bool is_compatible(const struct fdt_node *node, const char *compatible) {
  uint32_t bytes;
  const char *list = fdt_property(node, "compatible", &bytes);
  for (uint32_t at = 0; list && at < bytes; at += (uint32_t)strlen(list + at) + 1)
    if (strcmp(list + at, compatible) == 0) return true;
  return false;
}

bool fdt_next_compatible(struct fdt_node *node, const char *compatible) {
  while (fdt_next(node))
    if (is_compatible(node, compatible)) return true;
  return false;
}
