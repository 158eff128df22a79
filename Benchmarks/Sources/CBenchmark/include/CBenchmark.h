// Intrinsics and system calls that Swift has no name for.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define BENCH_INLINE static inline __attribute__((always_inline))

// Monotonic wall clock and CPU time of the whole process.
int64_t bench_wall_ns(void);
int64_t bench_cpu_ns(void);

// Time since the process was started, with the resolution of a clock tick (10 ms); -1 where unknown.
int64_t bench_process_age_ns(void);

// Highest resident size so far (VmHWM) and the present one (VmRSS); -1 where unknown.
int64_t bench_peak_rss_kb(void);
int64_t bench_rss_kb(void);

// Sleeps until bench_wall_ns() has come to a time, as exactly as the system can; returns at once when it has.
void bench_sleep_until(int64_t wall_ns);

// Zeroed memory aligned to and advised for huge pages; start is null when there is none left.
typedef struct {
    void *_Nullable start;
    void *_Nullable base;
    size_t size;
} bench_mapping;
bench_mapping bench_map(size_t bytes);
void bench_unmap(bench_mapping mapping);

BENCH_INLINE void bench_prefetch_write(const void *_Nonnull p) { __builtin_prefetch(p, 1); }

// 100 times ten to the power of a decade from 0 to 5.
BENCH_INLINE uint64_t bench_hundreds(uint64_t decade) {
    static const uint64_t hundreds[] = {100, 1000, 10000, 100000, 1000000, 10000000};
    return hundreds[decade];
}

// Bit k says whether byte k of the 16 at p ends a run of plain JSON string characters: quote, backslash, control.
BENCH_INLINE uint32_t bench_string_stops(const uint8_t *_Nonnull p) {
#if defined(__SSE2__)
    __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
#else
    uint32_t stops = 0;
    for (int k = 0; k < 16; k++) stops |= (uint32_t)(p[k] == '"' || p[k] == '\\' || p[k] < 0x20) << k;
    return stops;
#endif
}

// 10 to the power of n, n = 0...8.
BENCH_INLINE uint64_t bench_power_of_ten(unsigned n) {
    static const uint64_t powers[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    return powers[n];
}
