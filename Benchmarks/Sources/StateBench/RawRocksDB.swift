import CRocksDB
import Glibc

/// Get and put through RocksDB's C API, a key at a time, as a program would that has no table above it.
final class RawRocksDB {
    private let database: OpaquePointer
    private let options: OpaquePointer
    private let reading = rocksdb_readoptions_create()
    private let writing = rocksdb_writeoptions_create()
    private let path: String

    struct Failure: Error {
        let message: String
    }

    /// `memory` bytes are for the block cache and the memtables.
    init(path: String, memory: Int) throws {
        self.path = path
        guard let options = rocksdb_options_create() else { throw Failure(message: "no options") }
        self.options = options
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        rocksdb_options_set_write_buffer_size(options, max(memory / 8, 1 << 20))
        rocksdb_options_set_max_write_buffer_number(options, 2)
        rocksdb_options_set_max_background_jobs(options, 2)
        rocksdb_options_set_compression(options, 0)
        rocksdb_options_set_max_bytes_for_level_base(options, 64 << 20)
        rocksdb_options_set_target_file_size_base(options, 32 << 20)
        let table = rocksdb_block_based_options_create()
        rocksdb_block_based_options_set_block_cache(table, rocksdb_cache_create_lru(memory / 4 * 3))
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
        rocksdb_block_based_options_set_index_type(table, 2)
        rocksdb_block_based_options_set_partition_filters(table, 1)
        rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1)
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        rocksdb_options_set_optimize_filters_for_hits(options, 1)
        rocksdb_options_set_block_based_table_factory(options, table)
        var error: UnsafeMutablePointer<CChar>?
        guard let database = rocksdb_open(options, path, &error) else {
            throw Failure(message: error.map { String(cString: $0) } ?? "can't open")
        }
        self.database = database
        rocksdb_writeoptions_disable_WAL(writing, 1)
    }

    deinit {
        rocksdb_close(database)
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_destroy_db(options, path, &error)
        rocksdb_options_destroy(options)
        rocksdb_readoptions_destroy(reading)
        rocksdb_writeoptions_destroy(writing)
    }

    /// Counts a key and adds it up; the count.
    func add(_ key: Int64) throws -> Int64 {
        var error: UnsafeMutablePointer<CChar>?
        var bigEndian = key.bigEndian
        return try withUnsafeBytes(of: &bigEndian) { bytes in
            let name = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            var length = 0
            var value: (Int64, Int64) = (0, 0)
            if let found = rocksdb_get(database, reading, name, 8, &length, &error) {
                if length == 16 { memcpy(&value, found, 16) }
                rocksdb_free(found)
            }
            value = (value.0 + 1, value.1 + key)
            withUnsafeBytes(of: &value) {
                rocksdb_put(
                    database, writing, name, 8, $0.assumingMemoryBound(to: CChar.self).baseAddress, 16, &error)
            }
            if let error { throw Failure(message: String(cString: error)) }
            return value.0
        }
    }

    /// Writes key after key, in order, to begin with.
    func load(_ keys: Int64) throws {
        var error: UnsafeMutablePointer<CChar>?
        let batch = rocksdb_writebatch_create()
        defer { rocksdb_writebatch_destroy(batch) }
        for key in 0..<keys {
            var name = key.bigEndian
            var value: (Int64, Int64) = (1, key)
            withUnsafeBytes(of: &name) { name in
                withUnsafeBytes(of: &value) {
                    rocksdb_writebatch_put(
                        batch, name.assumingMemoryBound(to: CChar.self).baseAddress, 8,
                        $0.assumingMemoryBound(to: CChar.self).baseAddress, 16)
                }
            }
            if key % 10_000 == 9_999 || key == keys - 1 {
                rocksdb_write(database, writing, batch, &error)
                rocksdb_writebatch_clear(batch)
            }
        }
        rocksdb_compact_range(database, nil, 0, nil, 0)
        if let error { throw Failure(message: String(cString: error)) }
    }
}
