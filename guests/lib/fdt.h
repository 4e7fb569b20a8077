/* Reads a flattened device tree (Devicetree Specification, "Flattened Devicetree (DTB) Format"). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDT_DEPTH 8

/* A node, and enough to find the next one in document order. */
struct fdt_node {
  const uint8_t *fdt;
  uint32_t offset; /* of the node's first token after its name, in the structure block */
  int depth;       /* 0 is the root */
  const char *name;
  /* #address-cells and #size-cells that hold for the children of the node at each depth. */
  uint8_t address_cells[FDT_DEPTH];
  uint8_t size_cells[FDT_DEPTH];
};

/* The root; false when there is no FDT at that address. */
bool fdt_root(const void *fdt, struct fdt_node *node);
/* The next node in document order; false at the end. */
bool fdt_next(struct fdt_node *node);
/* The node of a path such as "/cpus/cpu@0"; a component without "@" matches any unit address. */
bool fdt_find(const void *fdt, const char *path, struct fdt_node *node);
/* The next node from (and excluding) `node` whose compatible list has the string. */
bool fdt_next_compatible(struct fdt_node *node, const char *compatible);

/* A property's bytes, or null. */
const void *fdt_property(const struct fdt_node *node, const char *name, uint32_t *bytes);
/* A property that is a string, or `otherwise`. */
const char *fdt_string(const struct fdt_node *node, const char *name, const char *otherwise);
/* A property of one or two cells, or `otherwise`. */
uint64_t fdt_number(const struct fdt_node *node, const char *name, uint64_t otherwise);
/* The n-th (address, size) pair of `reg`. */
bool fdt_reg(const struct fdt_node *node, unsigned index, uint64_t *address, uint64_t *size);
uint32_t fdt_cell(const void *at);
/* Bytes of the whole tree. */
uint32_t fdt_bytes(const void *fdt);
