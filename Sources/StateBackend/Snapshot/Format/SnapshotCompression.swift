internal import CLZ4
internal import CZstd

/// How the rows of snapshots are compressed, block by block.
public enum SnapshotCompression: UInt8, Sendable, Codable, CaseIterable {
    /// Not at all.
    case none
    /// By LZ4: about as fast as memory is copied.
    case lz4
    /// By Zstandard, level 3: smaller, at some hundred megabytes a second.
    case zstd

    /// The most bytes that a block may have: what LZ4 can hold.
    static let longestBlock = 0x7E00_0000

    /// Compresses `bytes` into the beginning of `buffer`.
    ///
    /// - Returns: how many bytes they became; nil where that would not be fewer.
    func compress(_ bytes: [UInt8], into buffer: inout [UInt8]) -> Int? {
        guard self != .none, bytes.count > 1 else { return nil }
        if buffer.count < bytes.count { buffer = [UInt8](repeating: 0, count: bytes.count) }
        let capacity = bytes.count - 1
        let written = bytes.withUnsafeBytes { source in
            buffer.withUnsafeMutableBytes { target -> Int in
                guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
                switch self {
                case .none: return 0
                case .lz4:
                    return Int(
                        LZ4_compress_default(
                            from.assumingMemoryBound(to: CChar.self), to.assumingMemoryBound(to: CChar.self),
                            Int32(source.count), Int32(capacity)))
                case .zstd:
                    let count = ZSTD_compress(to, capacity, from, source.count, 3)
                    return ZSTD_isError(count) == 0 ? count : 0
                }
            }
        }
        return written > 0 ? written : nil
    }

    /// The `count` bytes that were compressed; nil when `bytes` are not what compression gave.
    func expand(_ bytes: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
        if self == .none { return bytes.count == count ? Array(bytes) : nil }
        guard count > 0, count <= Self.longestBlock else { return nil }
        var isWhole = false
        let expanded = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            bytes.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                switch self {
                case .none: break
                case .lz4:
                    let written = to.withMemoryRebound(to: CChar.self, capacity: count) {
                        LZ4_decompress_safe(
                            from.assumingMemoryBound(to: CChar.self), $0, Int32(clamping: source.count), Int32(count))
                    }
                    isWhole = Int(written) == count
                case .zstd:
                    isWhole = ZSTD_decompress(to, count, from, source.count) == count
                }
            }
            initialized = isWhole ? count : 0
        }
        return isWhole ? expanded : nil
    }
}
