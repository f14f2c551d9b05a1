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
  d->known = at_least(d->known, d->fresh);
  d->fresh = at_most(d->fresh, end);
  area_shrink((char *)c, &d->tiny, end / 2);
}

bool dict_search(const mems_dict *d, const mems_chain *c, mems_addr addr,
                 mems_block *found) {
  uint64_t offset = addr - d->base;
  uint64_t g = offset / GRANULE;
  if (g >= c->end) return false;
  uint64_t at = chain_prev(c, g);
  if (!dict_is_block(d, c, at)) return false;
  found->at = at;
  found->granules = dict_length(c, at);
  found->size = found->granules * GRANULE -
                dict_slack(d, c, at, found->granules);
  return offset - at * GRANULE < found->size;
}

/* A range of 0 bytes may lie at the end of a block. */
static void *empty_span(const mems_dict *d, const mems_chain *c,
                        mems_addr addr) {
  mems_block b;
  mems_addr end;
  if (!dict_search(d, c, addr - 1, &b)) return NULL;
  end = dict_addr(d, b.at) + b.size;
  return addr == end ? chain_physical(c, b.at) + b.size : NULL;
}

void *dict_span(mems_dict *d, const mems_chain *c, mems_addr addr,
                size_t size) {
  mems_block b;
  if (!dict_search(d, c, addr, &b))
    return size == 0 ? empty_span(d, c, addr) : NULL;
  mems_addr start = dict_addr(d, b.at);
  d->last = start;
  d->length = b.size;
  if (size > b.size - (addr - start)) return NULL;
  return chain_physical(c, 0) + (addr - d->base);
}

int dict_mistake(const mems_dict *d, const mems_chain *c, mems_addr addr) {
  uint64_t offset = addr - d->base;
  uint64_t g = offset / GRANULE;
  mems_block b;
  if (dict_search(d, c, addr, &b))
    return addr == dict_addr(d, b.at) ? MEMS_OK : MEMS_EINSIDE;
  if (g >= at_least(d->known, d->fresh)) return MEMS_EFOREIGN;
  return g < c->end && dict_is_block(d, c, chain_prev(c, g)) ? MEMS_ERANGE
                                                             : MEMS_EFREED;
}
