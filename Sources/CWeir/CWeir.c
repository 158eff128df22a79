#if defined(__linux__)
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#else
#include <stdlib.h>
#endif
#include <string.h>

#include "CWeir.h"

void *weir_extend(void *memory, size_t bytes, size_t new_bytes) {
#if defined(__linux__)
    const size_t huge_page = (size_t)2 << 20, huge_from = (size_t)4 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = (bytes + page - 1) / page * page;
    new_bytes = (new_bytes + page - 1) / page * page;
    if (bytes >= huge_from && mremap(memory, bytes, new_bytes, 0) != MAP_FAILED) return memory;
    // To where huge pages, and whole pages of the page table, can move as they are: at the same offset in a huge page.
    size_t offset = bytes >= huge_from ? (uintptr_t)memory % huge_page : 0, reserved = new_bytes + huge_page;
    char *range = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return NULL;
    size_t before = (offset - (uintptr_t)range) % huge_page;
    char *target = range + before;
    if (mremap(memory, bytes, new_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target) == MAP_FAILED) {
        munmap(range, reserved);
        return NULL;
    }
    if (before > 0) munmap(range, before);
    if (before < huge_page) munmap(target + new_bytes, huge_page - before);
    if (new_bytes >= huge_from) madvise(target, new_bytes, MADV_HUGEPAGE);
    return target;
#else
    char *larger = realloc(memory, new_bytes);
    if (larger) memset(larger + bytes, 0, new_bytes - bytes);
    return larger;
#endif
}

void weir_name_thread(unsigned long thread, const char *name) {
#if defined(__linux__)
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np((pthread_t)thread, kept);
#else
    (void)thread;
    (void)name;
#endif
}
