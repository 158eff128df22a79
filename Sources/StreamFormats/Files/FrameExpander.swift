internal import CLZ4
internal import CZstd

/// Expands a file of LZ4 or Zstandard frames, one after the other.
final class FrameExpander: ByteInflater {
    private enum Context {
        case lz4(OpaquePointer)
        case zstd(OpaquePointer)
    }

    private let path: String
    private let context: Context?
    private var input: [UInt8]
    private var next = 0
    private var isBetweenFrames = false
    /// Whether the library may hold bytes that it had no room for.
    private var mayHoldMore = false
    private var fileBytes: Int64
    private var textBytes: Int64 = 0

    /// - Parameter head: the file's first bytes, already read; nil when they begin no frame.
    init?(path: String, head: [UInt8]) {
        switch head {
        case [0x04, 0x22, 0x4D, 0x18]:
            var made: OpaquePointer?
            let result = LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))
            context = LZ4F_isError(result) == 0 ? made.map { .lz4($0) } : nil
        case [0x28, 0xB5, 0x2F, 0xFD]: context = ZSTD_createDCtx().map { .zstd($0) }
        default: return nil
        }
        self.path = path
        input = head
        fileBytes = Int64(head.count)
    }

    deinit {
        switch context {
        case .lz4(let context): LZ4F_freeDecompressionContext(context)
        case .zstd(let context): ZSTD_freeDCtx(context)
        case nil: break
        }
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, from file: borrowing FileDescriptor
    ) throws(FileError) -> Int {
        guard let context else { throw failure("there is no memory for the library") }
        guard !buffer.isEmpty else { return 0 }
        while true {
            if next == input.count && !mayHoldMore, try !refill(from: file) {
                guard isBetweenFrames else { throw failure("the compressed file is cut off; fetch it anew") }
                return 0
            }
            let (written, taken, left, problem) = input.withUnsafeBytes { source in
                Self.expand(context, UnsafeRawBufferPointer(rebasing: source[next...]), into: buffer)
            }
            if let problem { throw failure("the compressed data is corrupt (\(problem)); fetch the file anew") }
            next += taken
            textBytes += Int64(written)
            isBetweenFrames = left == 0
            mayHoldMore = written == buffer.count && left != 0
            if written > 0 { return written }
        }
    }

    private func refill(from file: borrowing FileDescriptor) throws(FileError) -> Bool {
        if input.count < 1 << 16 { input = [UInt8](repeating: 0, count: 1 << 16) }
        let count = try file.read(into: &input)
        input.removeLast(input.count - count)
        next = 0
        fileBytes += Int64(count)
        return count > 0
    }

    private static func expand(
        _ context: Context, _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> (written: Int, taken: Int, left: Int, problem: String?) {
        switch context {
        case .lz4(let context):
            var written = target.count
            var taken = source.count
            let left = LZ4F_decompress(context, target.baseAddress, &written, source.baseAddress, &taken, nil)
            guard LZ4F_isError(left) == 0 else {
                return (0, 0, left, LZ4F_getErrorName(left).map { String(cString: $0) } ?? "unknown")
            }
            return (written, taken, left, nil)
        case .zstd(let context):
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
            let left = ZSTD_decompressStream(context, &output, &input)
            guard ZSTD_isError(left) == 0 else {
                return (0, 0, left, ZSTD_getErrorName(left).map { String(cString: $0) } ?? "unknown")
            }
            return (output.pos, input.pos, left, nil)
        }
    }

    private func failure(_ text: String) -> FileError {
        FileError(
            path: path, operation: "inflate", errno: 0,
            message: "cannot inflate '\(path)' near byte \(fileBytes - Int64(input.count - next)) of the file (after "
                + "\(textBytes) bytes of text): \(text)")
    }
}
