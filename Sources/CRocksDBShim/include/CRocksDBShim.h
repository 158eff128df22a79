// What a state store asks of RocksDB, batch-wise and with a C face.
//
// RocksDB's own C API lacks a write buffer manager, the charging of table readers to the block cache, a compaction
// filter with more than one kind of row, a file system that doesn't sync, and a batched look-up without an allocation
// per row; so these calls are made in C++.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why a call failed.
enum weir_rocks_fault {
    WEIR_ROCKS_NONE = 0,
    WEIR_ROCKS_OTHER,
    WEIR_ROCKS_NO_SPACE,
    WEIR_ROCKS_PERMISSION,
    WEIR_ROCKS_CORRUPTION,
    WEIR_ROCKS_LOCKED,
    WEIR_ROCKS_MISSING,
};

/// A failed call; filled in by every call that takes one and returns false or NULL.
typedef struct weir_rocks_error {
    int32_t fault;
    char message[508];
} weir_rocks_error;

/// A database.
typedef struct weir_rocks weir_rocks;
/// The rows as of one moment.
typedef struct weir_rocks_snapshot weir_rocks_snapshot;
/// A walk through rows.
typedef struct weir_rocks_scan weir_rocks_scan;
/// A batch of look-ups.
typedef struct weir_rocks_reader weir_rocks_reader;

/// How a database is opened.
typedef struct weir_rocks_options {
    /// Bytes for blocks, indexes, filters, table readers and memtables together.
    size_t memory;
    /// Whether a cache that is full refuses more, rather than exceed its bytes by what is in use at the moment.
    bool strict;
    int32_t background_threads;
    int32_t max_open_files;
    size_t block_size;
    /// Bits of filter per key.
    double filter_bits;
    bool ribbon;
    /// Whether the last level has filters, too, which only keys that aren't there profit from.
    bool filters_last_level;
    /// Whether the last level is compressed with LZ4; the others never are.
    bool compressed;
    /// Whether blocks have a hash index beside the sorted one.
    bool hash_index;
    /// The number of files in the first level that starts a compaction.
    int32_t level0_files;
    /// Bytes of the first level below it.
    size_t level_base;
} weir_rocks_options;

/// A row in a buffer of bytes: its key, then its value.
typedef struct weir_rocks_row {
    size_t start;
    uint32_t key_length;
    uint32_t value_length;
    uint16_t group;
    bool is_removal;
} weir_rocks_row;

/// A row that was found.
typedef struct weir_rocks_value {
    size_t index;
    const uint8_t *bytes;
    size_t length;
} weir_rocks_value;

/// The options that the measurements led to, for a database of `memory` bytes.
weir_rocks_options weir_rocks_default_options(size_t memory);

/// Has glibc's allocator map large blocks from a size on that stays; once per process, nothing with another allocator.
///
/// By itself it raises that size to the largest block that was ever freed. What is written to a database at once is such a
/// block, and from then on they lie among small ones, which keep the memory between them from being given back.
void weir_rocks_fix_mapping_threshold(void);

/// Opens the database in `directory`, which is made where it isn't there.
weir_rocks *weir_rocks_open(const char *directory, const weir_rocks_options *options, weir_rocks_error *error);
/// Closes it; snapshots, scans and readers must be gone.
void weir_rocks_close(weir_rocks *database);
/// Bytes in the block cache, with all that is charged to it.
size_t weir_rocks_memory(weir_rocks *database);
/// A name that no other opening of a database has had; at most 63 characters and a zero.
void weir_rocks_session(weir_rocks *database, char name[64]);

/// Rows of `state` are dropped when their values begin with a time (8 bytes, little endian) that isn't after `now`.
///
/// `now` is called on threads of RocksDB.
void weir_rocks_expire(weir_rocks *database, uint16_t state, int64_t (*now)(void *), void *context);

/// Writes rows, in any order, each key at most once.
///
/// From `file_rows` rows on as a file that the database takes in, else as a batch without a log.
bool weir_rocks_write(
    weir_rocks *database, uint16_t state, const uint8_t *bytes, const weir_rocks_row *rows, size_t count,
    size_t file_rows, weir_rocks_error *error);
/// As `weir_rocks_write` with a file, which another thread makes from a copy of the rows. Nothing else may be called for
/// the database before `weir_rocks_settle`, but this once more; waits while two calls' rows aren't written yet. Takes
/// nothing, and tells why, when the rows of a call before couldn't be written.
bool weir_rocks_write_later(
    weir_rocks *database, uint16_t state, const uint8_t *bytes, size_t length, const weir_rocks_row *rows,
    size_t count, weir_rocks_error *error);
/// The number of such calls whose rows aren't written yet; 0 when one has failed.
size_t weir_rocks_waiting(weir_rocks *database);
/// Forgets rows that couldn't be written, after a call of `weir_rocks_settle` that has failed.
void weir_rocks_forget(weir_rocks *database);
/// Waits until they are, and tells of the first that couldn't be, which is tried again by the next call.
bool weir_rocks_settle(weir_rocks *database, weir_rocks_error *error);
/// Removes all rows of a state.
bool weir_rocks_remove_all(weir_rocks *database, uint16_t state, weir_rocks_error *error);

weir_rocks_reader *weir_rocks_reader_create(weir_rocks *database);
void weir_rocks_reader_destroy(weir_rocks_reader *reader);
/// Begins to look up the keys of rows.
void weir_rocks_reader_begin(
    weir_rocks_reader *reader, uint16_t state, const uint8_t *bytes, const weir_rocks_row *rows, size_t count);
/// Looks up the next keys.
///
/// Returns false when there are no more, or on failure. `*values` is valid until the reader's next call.
bool weir_rocks_reader_next(
    weir_rocks_reader *reader, const weir_rocks_value **values, size_t *count, weir_rocks_error *error);
/// Lets go of what was found.
void weir_rocks_reader_end(weir_rocks_reader *reader);

weir_rocks_snapshot *weir_rocks_snapshot_create(weir_rocks *database);
void weir_rocks_snapshot_destroy(weir_rocks_snapshot *snapshot);

/// A walk from the first key not before `lower` to the last one before `upper`, both with their prefix.
///
/// `snapshot` may be NULL. `keeps_blocks`: whether what is read goes into the block cache.
weir_rocks_scan *weir_rocks_scan_create(
    weir_rocks *database, weir_rocks_snapshot *snapshot, const uint8_t *lower, size_t lower_length,
    const uint8_t *upper, size_t upper_length, bool keeps_blocks);
void weir_rocks_scan_destroy(weir_rocks_scan *scan);
/// Goes to the first key not before `key`.
void weir_rocks_scan_seek(weir_rocks_scan *scan, const uint8_t *key, size_t length);
/// The row that the walk is at; false at the end or on failure.
bool weir_rocks_scan_row(
    weir_rocks_scan *scan, const uint8_t **key, size_t *key_length, const uint8_t **value, size_t *value_length,
    weir_rocks_error *error);
/// Goes to the next row.
void weir_rocks_scan_next(weir_rocks_scan *scan);

/// Links all files as of now into `directory`, which must not be there.
bool weir_rocks_checkpoint(weir_rocks *database, const char *directory, weir_rocks_error *error);
/// Compacts everything and waits for it.
bool weir_rocks_compact(weir_rocks *database, weir_rocks_error *error);

/// Makes a fresh directory in `parent`, which is made where it isn't there, and puts its path into `path`.
///
/// Directories that processes left behind which no longer run are deleted. Returns a lock to be given back, or -1.
int weir_rocks_claim_directory(const char *parent, char path[4096], weir_rocks_error *error);
/// Makes a directory, which must not be there.
bool weir_rocks_make_directory(const char *path, weir_rocks_error *error);
/// Deletes a directory with all that is in it.
void weir_rocks_remove_directory(const char *path);
/// Deletes a directory made by `weir_rocks_claim_directory` and gives the lock back.
void weir_rocks_release_directory(const char *path, int lock);
/// Makes `target` the same file as `source`; a copy where that can't be or `copies`.
bool weir_rocks_link(const char *source, const char *target, bool copies, weir_rocks_error *error);
/// Calls `each` with the name of every file in a directory.
bool weir_rocks_list(
    const char *path, void (*each)(void *context, const char *name), void *context, weir_rocks_error *error);

#ifdef __cplusplus
}
#endif
