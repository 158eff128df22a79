// Intrinsics and system calls that Swift has no spelling for: prefetch, spin pause, futex, huge pages, CPU clocks.
// Each has a portable fallback, so that a platform without futexes or huge pages still builds and runs.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__linux__)
#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#endif

/// Asks for the cache line at `address`, to be written soon.
static inline __attribute__((always_inline)) void weir_prefetch_write(const void *address) {
    __builtin_prefetch(address, 1, 3);
}

/// One turn of a spin loop.
static inline __attribute__((always_inline)) void weir_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/// Sleeps while `*word == expected`, at most `timeout_ns` nanoseconds (negative: no limit). May return early.
static inline void weir_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns) {
#if defined(__linux__)
    struct timespec limit = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit, NULL, 0);
#else
    (void)word;
    (void)expected;
    usleep(timeout_ns >= 0 && timeout_ns < 200000 ? (useconds_t)(timeout_ns / 1000) : 200);
#endif
}

/// Wakes one sleeper of `weir_futex_wait` on `word`.
static inline void weir_futex_wake(uint32_t *word) {
#if defined(__linux__)
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
#else
    (void)word;
#endif
}

/// Zeroed memory of `bytes` bytes, on huge pages where the system has them; NULL when there is none left.
static inline void *weir_map(size_t bytes) {
#if defined(__linux__)
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    if (bytes >= (size_t)4 << 20) madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
#else
    return calloc(1, bytes);
#endif
}

/// Returns memory of `weir_map`.
static inline void weir_unmap(void *memory, size_t bytes) {
#if defined(__linux__)
    munmap(memory, bytes);
#else
    (void)bytes;
    free(memory);
#endif
}

/// Makes memory of `weir_map` larger, without copying or touching it where the system can: the new part is zeroed. The
/// memory may move; NULL, and the old memory as it was, when there is none left.
void *weir_extend(void *memory, size_t bytes, size_t new_bytes);

/// The CRC-32C of `count` bytes after those whose checksum is `checksum`; 0 to begin with. By the processor's own
/// instruction where it has one.
uint32_t weir_crc32c(uint32_t checksum, const void *bytes, size_t count);

/// As `weir_crc32c`, by tables.
uint32_t weir_crc32c_portable(uint32_t checksum, const void *bytes, size_t count);

/// Names a thread, for debuggers and profilers; at most 15 bytes are kept.
void weir_name_thread(unsigned long thread, const char *name);

/// Nanoseconds of the monotonic clock.
static inline int64_t weir_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Milliseconds since 1970-01-01 UTC.
static inline int64_t weir_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// CPU time of the whole process in nanoseconds, all threads.
static inline int64_t weir_process_cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
