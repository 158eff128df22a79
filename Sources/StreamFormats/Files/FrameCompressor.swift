internal import CLZ4
internal import CZstd

/// Compresses a file's bytes into one frame, piece by piece.
///
/// The frame has a checksum of its content. The same bytes in the same pieces give the same frame. Used by one thread at
/// a time.
public final class FrameCompressor {
    private enum Context {
        case lz4(OpaquePointer)
        case zstd(OpaquePointer)
    }

    private let context: Context
    private var hasBegun = false
    private var preferences = LZ4F_preferences_t()

    /// A compressor; nil where nothing is to be compressed, or there is no memory for it.
    public init?(_ compression: FileCompression) {
        switch compression {
        case .none: return nil
        case .lz4:
            var made: OpaquePointer?
            guard LZ4F_isError(LZ4F_createCompressionContext(&made, UInt32(LZ4F_VERSION))) == 0, let made else {
                return nil
            }
            context = .lz4(made)
            preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
            preferences.frameInfo.blockSizeID = LZ4F_max256KB
        case .zstd:
            guard let made = ZSTD_createCCtx() else { return nil }
            _ = ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, 3)
            _ = ZSTD_CCtx_setParameter(made, ZSTD_c_checksumFlag, 1)
            context = .zstd(made)
        }
    }

    deinit {
        switch context {
        case .lz4(let context): LZ4F_freeCompressionContext(context)
        case .zstd(let context): ZSTD_freeCCtx(context)
        }
    }

    /// Appends to `output` what becomes of `bytes`, as far as it is known yet; with `ends` the frame's end, too.
    ///
    /// - Returns: nil, or what the library has to complain of; the frame is of no use then.
    public func compress(_ bytes: [UInt8], ends: Bool, into output: inout [UInt8]) -> String? {
        switch context {
        case .lz4(let context): lz4(context, bytes, ends, &output)
        case .zstd(let context): zstd(context, bytes, ends, &output)
        }
    }

    private func lz4(_ context: OpaquePointer, _ bytes: [UInt8], _ ends: Bool, _ output: inout [UInt8]) -> String? {
        // Also room for the header and the end, which is less than that of an empty block more.
        let bound = LZ4F_compressBound(bytes.count, &preferences) + LZ4F_compressBound(0, &preferences) + 64
        var problem: String?
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: bound))
        var end = start
        func step(_ body: (UnsafeMutableRawPointer, Int) -> Int) {
            guard problem == nil else { return }
            let written = output.withUnsafeMutableBytes { target in
                target.baseAddress.map { body($0 + end, target.count - end) } ?? 0
            }
            if LZ4F_isError(written) != 0 {
                problem = LZ4F_getErrorName(written).map { String(cString: $0) } ?? "unknown"
            } else {
                end += written
            }
        }
        if !hasBegun { step { LZ4F_compressBegin(context, $0, $1, &preferences) } }
        hasBegun = true
        if !bytes.isEmpty {
            bytes.withUnsafeBytes { source in
                step { LZ4F_compressUpdate(context, $0, $1, source.baseAddress, source.count, nil) }
            }
        }
        if ends { step { LZ4F_compressEnd(context, $0, $1, nil) } }
        output.removeLast(output.count - end)
        return problem
    }

    private func zstd(_ context: OpaquePointer, _ bytes: [UInt8], _ ends: Bool, _ output: inout [UInt8]) -> String? {
        bytes.withUnsafeBytes { source in
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            let room = ZSTD_CStreamOutSize()
            while true {
                let start = output.count
                output.append(contentsOf: repeatElement(0, count: room))
                var written = 0
                let left = output.withUnsafeMutableBytes { target -> Int in
                    var buffer = ZSTD_outBuffer(dst: target.baseAddress.map { $0 + start }, size: room, pos: 0)
                    let left = ZSTD_compressStream2(context, &buffer, &input, ends ? ZSTD_e_end : ZSTD_e_continue)
                    written = buffer.pos
                    return left
                }
                output.removeLast(room - written)
                if ZSTD_isError(left) != 0 { return ZSTD_getErrorName(left).map { String(cString: $0) } ?? "unknown" }
                if ends ? left == 0 : input.pos == input.size { return nil }
            }
        }
    }
}
