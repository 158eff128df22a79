#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that text is written to, or standard output.
final class TextFile {
    private static let bufferSize = 1 << 16

    private let name: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Makes the file of the given path; nil stands for standard output.
    convenience init(_ path: String?) throws {
        guard let path else {
            self.init(descriptor: STDOUT_FILENO)
            return
        }
        self.init(descriptor: open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644), name: path)
        if descriptor < 0 { throw failure() }
    }

    init(descriptor: Int32, name: String = "the output") {
        self.descriptor = descriptor
        self.name = name
    }

    func write(_ text: String) throws {
        buffer += text.utf8
        if buffer.count >= Self.bufferSize { try flush() }
    }

    func writeAll(_ text: String) throws {
        try write(text)
        try flush()
    }

    func close() throws {
        try flush()
        if descriptor > STDERR_FILENO && Self.close(descriptor) != 0 { throw failure() }
    }

    private func flush() throws {
        var done = 0
        while done < buffer.count {
            let count = buffer.withUnsafeBytes { Self.write(descriptor, $0[done...]) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            done += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func write(_ descriptor: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        #if canImport(Darwin)
            return Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            return Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private static func close(_ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
            return Darwin.close(descriptor)
        #elseif canImport(Musl)
            return Musl.close(descriptor)
        #else
            return Glibc.close(descriptor)
        #endif
    }

    private func failure() -> SnapshotTool.Failure {
        SnapshotTool.Failure(
            code: SnapshotTool.Code.noOutput,
            message: "\(name) can't be written: \(String(cString: strerror(errno)))")
    }
}
