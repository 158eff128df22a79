import CLZ4
import Testing

/// The library behind the module map is there, links, and gives back what it was given.
@Suite struct LZ4Tests {
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
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        var frame = [UInt8](repeating: 0, count: LZ4F_compressFrameBound(bytes.count, &preferences))
        let count = try check(LZ4F_compressFrame(&frame, frame.count, bytes, bytes.count, &preferences))
        return Array(frame.prefix(count))
    }

    private func decompress(_ frame: [UInt8], capacity: Int) throws -> [UInt8] {
        var context: OpaquePointer?
        try check(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION)))
        defer { LZ4F_freeDecompressionContext(context) }

        // One byte more than can come: an empty buffer has no address to write to.
        var bytes = [UInt8](repeating: 0, count: capacity + 1)
        var read = 0
        var written = 0
        while true {
            var consumed = frame.count - read
            var produced = bytes.count - written
            let left = try bytes.withUnsafeMutableBytes { output in
                try frame.withUnsafeBytes { input in
                    try check(
                        LZ4F_decompress(
                            context, output.baseAddress?.advanced(by: written), &produced,
                            input.baseAddress?.advanced(by: read), &consumed, nil))
                }
            }
            read += consumed
            written += produced
            if left == 0 { return Array(bytes.prefix(written)) }
            if consumed == 0, produced == 0 { throw Failure(description: "the frame ends early") }
        }
    }

    @discardableResult
    private func check(_ code: Int) throws -> Int {
        if LZ4F_isError(code) != 0 { throw Failure(description: String(cString: LZ4F_getErrorName(code))) }
        return code
    }
}

/// Bytes with repetitions, the same at every call.
func compressibleBytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 / 7) % 251 * (($0 >> 9) & 3)) }
}
