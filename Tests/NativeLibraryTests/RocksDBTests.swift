import CRocksDB
import Foundation
import Testing

/// The library behind the module map is there, links, and keeps what it was given.
@Suite struct RocksDBTests {
    /// What a C call of RocksDB put into its error argument.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    @Test func valuesSurviveReopening() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("weir-rocksdb-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let pairs = (0..<1000).map { (key: "key-\($0)", value: String(repeating: "v", count: $0 % 50) + "\($0)") }

        try withDatabase(at: directory.path) { database, family in
            for (key, value) in pairs { try put(value, for: key, in: database, family) }
            #expect(try get("key-7", in: database, family) == "vvvvvvv7")
            #expect(try get("no such key", in: database, family) == nil)
            // Without a flush the values would only be in the log.
            let flush = rocksdb_flushoptions_create()
            defer { rocksdb_flushoptions_destroy(flush) }
            try check { rocksdb_flush_cf(database, flush, family, $0) }
        }
        try withDatabase(at: directory.path) { database, family in
            for (key, value) in pairs {
                let found = try get(key, in: database, family)
                #expect(found == value, "\(key)")
            }
        }
    }

    @Test func openingAFileInsteadOfADirectoryIsAnError() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("weir-rocksdb-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("not a database".utf8).write(to: file)
        #expect(throws: Failure.self) { try withDatabase(at: file.path) { _, _ in } }
    }

    /// Opens with the column family named, because the C interface has no handle for the default one otherwise.
    ///
    /// RocksDB aborts when a database is closed before the handles of its families are destroyed.
    private func withDatabase(
        at path: String, _ body: (_ database: OpaquePointer, _ family: OpaquePointer) throws -> Void
    ) throws {
        let options = rocksdb_options_create()
        defer { rocksdb_options_destroy(options) }
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)

        var families: [OpaquePointer?] = [nil]
        let opened = try "default".withCString { name in
            var names: [UnsafePointer<CChar>?] = [name]
            var familyOptions: [OpaquePointer?] = [options]
            return try check { error in
                rocksdb_open_column_families(options, path, 1, &names, &familyOptions, &families, error)
            }
        }
        let database = try #require(opened)
        defer { rocksdb_close(database) }
        let family = try #require(families[0])
        defer { rocksdb_column_family_handle_destroy(family) }
        try body(database, family)
    }

    private func put(_ value: String, for key: String, in database: OpaquePointer, _ family: OpaquePointer) throws {
        let options = rocksdb_writeoptions_create()
        defer { rocksdb_writeoptions_destroy(options) }
        rocksdb_writeoptions_disable_WAL(options, 1)
        try check { rocksdb_put_cf(database, options, family, key, key.utf8.count, value, value.utf8.count, $0) }
    }

    private func get(_ key: String, in database: OpaquePointer, _ family: OpaquePointer) throws -> String? {
        let options = rocksdb_readoptions_create()
        defer { rocksdb_readoptions_destroy(options) }
        var length = 0
        guard let bytes = try check({ rocksdb_get_cf(database, options, family, key, key.utf8.count, &length, $0) })
        else { return nil }
        defer { rocksdb_free(bytes) }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    }

    /// Makes a call that reports failure through an error string, and throws that string.
    private func check<Result>(
        _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
    ) throws -> Result {
        var message: UnsafeMutablePointer<CChar>?
        let result = try call(&message)
        guard let message else { return result }
        defer { rocksdb_free(message) }
        throw Failure(description: String(cString: message))
    }
}
