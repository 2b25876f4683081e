/* mem.h: memory that is there or ends the program.
 *
 * fettle's own data is small and bounded before it is stored, so a failed
 * allocation means that the machine is out of memory altogether; nothing on a
 * host depends on this process living on (a transaction minds itself on its
 * host), and ending is safer than code paths that nobody can test.  What is
 * sized by others, a host's output above all, goes into a bounded `struct buf`. */
#ifndef FETTLE_BASE_MEM_H
#define FETTLE_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);               /* zeroed */
void *mem_grow(void *p, size_t count, size_t size); /* realloc of count * size, overflow checked */
char *mem_dup(const char *s);               /* NULL stays NULL */
char *mem_dupn(const char *s, size_t n);    /* adds the final NUL */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
