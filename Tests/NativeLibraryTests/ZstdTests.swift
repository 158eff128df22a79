import CZstd
import Testing

/// The library behind the module map is there, links, and gives back what it was given.
@Suite struct ZstdTests {
    /// A call failed, by the library's name for it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    @Test(arguments: [0, 1, 1_000, 1_000_000])
    func framesGiveBackWhatTheyHold(size: Int) throws {
        let bytes = compressibleBytes(size)
        let frame = try compress(bytes)
        #expect(try decompress(frame, capacity: size) == bytes)
        if size >= 1_000 { #expect(frame.count < size / 2) }
    }

    @Test func aFlippedBitIsNoticed() throws {
        let bytes = compressibleBytes(10_000)
        var frame = try compress(bytes)
        frame[frame.count / 2] ^= 1
        #expect(throws: Failure.self) { try decompress(frame, capacity: bytes.count) }
    }

    private func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = try check(ZSTD_compress2(context, &frame, frame.count, bytes, bytes.count))
        return Array(frame.prefix(count))
    }

    private func decompress(_ frame: [UInt8], capacity: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: capacity)
        let count = try check(ZSTD_decompress(&bytes, capacity, frame, frame.count))
        return Array(bytes.prefix(count))
    }

    @discardableResult
    private func check(_ code: Int) throws -> Int {
        if ZSTD_isError(code) != 0 { throw Failure(description: String(cString: ZSTD_getErrorName(code))) }
        return code
    }
}
