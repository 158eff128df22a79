internal import CWeir

/// A checksum that grows with the bytes that it is given: CRC-32C (Castagnoli), as in ext4 and RocksDB.
struct CRC32C {
    private(set) var value: UInt32 = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        if let start = bytes.baseAddress { value = weir_crc32c(value, start, bytes.count) }
    }

    /// The checksum of some bytes.
    static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        // Arrays and their slices hand out their bytes; nothing else is passed.
        if bytes.withContiguousStorageIfAvailable({ checksum.add(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { checksum.add($0) }
        }
        return checksum.value
    }
}
