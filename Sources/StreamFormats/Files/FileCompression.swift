/// How a file's bytes are compressed.
public enum FileCompression: String, Sendable, CaseIterable {
    /// Not at all.
    case none
    /// By LZ4, in the frame format that the command `lz4` reads: fast, to about half the size.
    case lz4
    /// By Zstandard, level 3, in the format that the command `zstd` reads: smaller, at some hundred megabytes a second.
    case zstd

    /// What a file's name ends with: nothing, `.lz4` or `.zst`.
    public var fileExtension: String {
        switch self {
        case .none: ""
        case .lz4: ".lz4"
        case .zstd: ".zst"
        }
    }
}
