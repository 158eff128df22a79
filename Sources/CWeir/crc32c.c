// CRC-32C (Castagnoli), as iSCSI, ext4, LevelDB and RocksDB use it: polynomial 0x1EDC6F41, reflected.
#include <string.h>

#include "CWeir.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

// Eight tables, so that eight bytes are looked up side by side ("slicing by 8", Kounavis and Berry, 2005).
static uint32_t tables[8][256];

__attribute__((constructor)) static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ ((value & 1) ? 0x82F63B78u : 0);
        tables[0][byte] = value;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int slice = 1; slice < 8; slice++) {
            uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
}

uint32_t weir_crc32c_portable(uint32_t checksum, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t value = ~checksum;
    for (; count >= 8; count -= 8, next += 8) {
        uint32_t low = value ^ ((uint32_t)next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 |
                                (uint32_t)next[3] << 24);
        value = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^
                tables[4][low >> 24] ^ tables[3][next[4]] ^ tables[2][next[5]] ^ tables[1][next[6]] ^
                tables[0][next[7]];
    }
    for (; count > 0; count--, next++) value = (value >> 8) ^ tables[0][(value ^ *next) & 0xFF];
    return ~value;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t checksum, const void *bytes,
                                                                   size_t count) {
    const uint8_t *next = bytes;
    uint64_t value = (uint32_t)~checksum;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        value = _mm_crc32_u64(value, word);
    }
    uint32_t tail = (uint32_t)value;
    for (; count > 0; count--, next++) tail = _mm_crc32_u8(tail, *next);
    return ~tail;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
static uint32_t with_instruction(uint32_t checksum, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t value = ~checksum;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        value = __crc32cd(value, word);
    }
    for (; count > 0; count--, next++) value = __crc32cb(value, *next);
    return ~value;
}
#endif

uint32_t weir_crc32c(uint32_t checksum, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return with_instruction(checksum, bytes, count);
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    return with_instruction(checksum, bytes, count);
#endif
    return weir_crc32c_portable(checksum, bytes, count);
}
