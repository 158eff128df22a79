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
    /// Where the library writes to.
    private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)

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
        scratch.deallocate()
    }

    private func makeRoom(_ count: Int) {
        guard scratch.count < count else { return }
        scratch.deallocate()
        scratch = .allocate(byteCount: count, alignment: 16)
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
        makeRoom(bound)
        var problem: String?
        func step(_ body: (UnsafeMutableRawPointer?, Int) -> Int) {
            guard problem == nil else { return }
            let written = body(scratch.baseAddress, scratch.count)
            if LZ4F_isError(written) != 0 {
                problem = LZ4F_getErrorName(written).map { String(cString: $0) } ?? "unknown"
            } else {
                output.append(contentsOf: scratch.prefix(written))
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
        return problem
    }

    private func zstd(_ context: OpaquePointer, _ bytes: [UInt8], _ ends: Bool, _ output: inout [UInt8]) -> String? {
        bytes.withUnsafeBytes { source in
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            makeRoom(ZSTD_CStreamOutSize())
            while true {
                var buffer = ZSTD_outBuffer(dst: scratch.baseAddress, size: scratch.count, pos: 0)
                let left = ZSTD_compressStream2(context, &buffer, &input, ends ? ZSTD_e_end : ZSTD_e_continue)
                if ZSTD_isError(left) != 0 { return ZSTD_getErrorName(left).map { String(cString: $0) } ?? "unknown" }
                output.append(contentsOf: UnsafeRawBufferPointer(scratch).prefix(buffer.pos))
                if ends ? left == 0 : input.pos == input.size { return nil }
            }
        }
    }
}
