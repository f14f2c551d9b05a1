/*
** dict.c - searching the dictionary of dict.h.
*/

#include "dict.h"

uint64_t dict_plan(mems_dict *d, uint64_t at, uint64_t limit) {
  return area_plan(&d->tiny, at, limit / 2);
}

bool dict_reach(mems_dict *d, mems_chain *c, uint64_t end) {
  return area_grow((char *)c, &d->tiny, (end + 1) / 2);
}

void dict_retreat(mems_dict *d, mems_chain *c, uint64_t end) {
  area_shrink((char *)c, &d->tiny, end / 2);
}

void dict_insert(const mems_dict *d, mems_chain *c, uint64_t g, uint64_t n,
                 size_t slack, uint64_t align) {
  uint64_t brim = entry_brim(n), entry = 1 | at_most(slack, brim) << 1;
  if (slack >= brim) truth_put_byte(dict_tiny(d, c, g), (unsigned char)slack);
  if (align > 1) entry |= entry_mark(n, align);
  if (dict_is_fresh(c, g, n)) dict_set_fresh(c, g, false);
  bits_put(chain_useds(c), g, entry_mask(n), entry);
}

/* The start of the segment that holds g. */
static uint64_t start_of(const mems_chain *c, const mems_runs *r,
                         uint64_t g) {
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  if (entry == 0) return chain_prev(c, g);
  const mems_class *class = r->classes + runs_number(entry);
  return g - runs_inside(class, runs_offset(g, entry));
}

bool dict_search(const mems_dict *d, const mems_chain *c, const mems_runs *r,
                 mems_addr addr, mems_block *found) {
  uint64_t offset = addr - d->base, g = offset / GRANULE;
  if (g >= c->end || !dict_find(d, c, r, start_of(c, r, g), found))
    return false;
  return offset - found->at * GRANULE < found->size;
}

/* A range of 0 bytes may lie at the end of a block. */
static void *empty_span(const mems_dict *d, const mems_chain *c,
                        const mems_runs *r, mems_addr addr) {
  mems_block b;
  if (!dict_search(d, c, r, addr - 1, &b)) return NULL;
  mems_addr end = dict_addr(d, b.at) + b.size;
  return addr == end ? chain_physical(c, b.at) + b.size : NULL;
}

void *dict_span(const mems_dict *d, const mems_chain *c, const mems_runs *r,
                mems_addr addr, size_t size, mems_block *found) {
  if (!dict_search(d, c, r, addr, found)) {
    found->size = 0;
    return size == 0 ? empty_span(d, c, r, addr) : NULL;
  }
  if (size > found->size - (addr - dict_addr(d, found->at))) return NULL;
  return chain_physical(c, 0) + (addr - d->base);
}

int dict_mistake(const mems_dict *d, const mems_chain *c, const mems_runs *r,
                 mems_addr addr) {
  uint64_t offset = addr - d->base, g = offset / GRANULE;
  mems_block b;
  if (dict_search(d, c, r, addr, &b))
    return addr == dict_addr(d, b.at) ? MEMS_OK : MEMS_EINSIDE;
  if (g >= d->known) return MEMS_EFOREIGN;
  bool slack = g < c->end && dict_is_block(d, c, start_of(c, r, g));
  return slack ? MEMS_ERANGE : MEMS_EFREED;
}
