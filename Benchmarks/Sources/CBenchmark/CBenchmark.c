#include "CBenchmark.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

static int64_t nanoseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t bench_wall_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

int64_t bench_cpu_ns(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

int64_t bench_process_age_ns(void) {
#if defined(__linux__)
    // Field 22 of /proc/self/stat: start time in clock ticks since boot; the name in field 2 may hold spaces.
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "r");
    if (!file) return -1;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    const char *at = strrchr(text, ')');
    unsigned long long ticks = 0;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                      &ticks) != 1) return -1;
    return nanoseconds(CLOCK_BOOTTIME) - (int64_t)(ticks * (1000000000ull / (unsigned long long)sysconf(_SC_CLK_TCK)));
#else
    return -1;
#endif
}

#if defined(__linux__)
static int64_t status_kb(const char *format) {
    char line[256];
    long long kb = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (!file) return -1;
    while (fgets(line, sizeof line, file) && sscanf(line, format, &kb) != 1) {}
    fclose(file);
    return kb;
}

int64_t bench_peak_rss_kb(void) { return status_kb("VmHWM: %lld"); }

int64_t bench_rss_kb(void) { return status_kb("VmRSS: %lld"); }
#else
int64_t bench_peak_rss_kb(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss / 1024 : -1;
}

int64_t bench_rss_kb(void) { return -1; }
#endif

void bench_sleep_until(int64_t wall_ns) {
    if (wall_ns <= bench_wall_ns()) return;
#if defined(__linux__)
    // The system may be 50 us late unless the thread says that it minds.
    static __thread int is_exact;
    if (!is_exact) is_exact = prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul) == 0;
    struct timespec t = {wall_ns / 1000000000, wall_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0) == EINTR) {}
#else
    int64_t left = wall_ns - bench_wall_ns();
    struct timespec t = {left / 1000000000, left % 1000000000};
    if (left > 0) nanosleep(&t, 0);
#endif
}

#define HUGE_PAGE ((size_t)2 << 20)

// Rounded up to whole huge pages, plus one to align the start.
static size_t mapped_size(size_t bytes) { return ((bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1)) + HUGE_PAGE; }

bench_mapping bench_map(size_t bytes) {
    bench_mapping none = {0, 0, 0}, result;
    if (bytes > (size_t)1 << 46) return none;
    size_t size = mapped_size(bytes);
    void *base = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return none;
    result.base = base;
    result.size = size;
    result.start = (void *)(((uintptr_t)base + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
#if defined(MADV_HUGEPAGE)
    madvise(result.start, size - HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return result;
}

void bench_unmap(bench_mapping mapping) {
    if (mapping.base) munmap(mapping.base, mapping.size);
}
