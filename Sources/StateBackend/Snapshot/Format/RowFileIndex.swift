/// Where the blocks of a row file are, by key group; and the file's last bytes, which say where the index is.
struct RowFileIndex {
    /// The first bytes of an index.
    static let magic = Array("WEIRINDX".utf8)
    /// The last bytes of a row file.
    static let endMagic = Array("WEIREND1".utf8)
    /// Footer: offset of the index, number of rows (8 bytes each), CRC-32C of both (4 bytes), 4 bytes of zero, magic.
    static let footerLength = 32

    /// A block.
    struct Entry: Equatable {
        var group: UInt32
        var offset: Int
        /// The bytes of the block, its header included.
        var length: Int
        var rowCount: Int
    }

    /// The blocks, by group; of one group, in the order of the file.
    var entries: [Entry] = []

    var rowCount: Int { entries.reduce(0) { $0 + $1.rowCount } }

    /// The index as it is written.
    func encoded() -> [UInt8] {
        var body = StateEncoder()
        body.writeVarint(UInt64(entries.count))
        for entry in entries {
            body.writeVarint(UInt64(entry.group))
            body.writeVarint(UInt64(entry.offset))
            body.writeVarint(UInt64(entry.length))
            body.writeVarint(UInt64(entry.rowCount))
        }
        return Envelope.wrap(body.bytes, magic: Self.magic, version: RowFileHeader.version)
    }

    /// The footer of a file whose index is at `offset`.
    func footer(offset: Int) -> [UInt8] {
        var footer = StateEncoder()
        footer.writeFixed(UInt64(offset))
        footer.writeFixed(UInt64(rowCount))
        footer.writeFixed(CRC32C.of(footer.bytes))
        footer.writeFixed(UInt32(0))
        footer.bytes.append(contentsOf: Self.endMagic)
        return footer.bytes
    }

    /// Where the index is, from the footer.
    static func offset(footer: [UInt8], file: String) throws(SnapshotError) -> (offset: Int, rowCount: Int) {
        guard footer.count == footerLength, Array(footer[24...]) == endMagic,
            CRC32C.of(footer[..<16]) == footer.fixed(UInt32.self, at: 16), footer.fixed(UInt32.self, at: 20) == 0
        else { throw .damaged(file, "it does not end as a row file does") }
        return (
            Int(clamping: footer.fixed(UInt64.self, at: 0)), Int(clamping: footer.fixed(UInt64.self, at: 8))
        )
    }

    init() {}

    /// Reads an index's body; blocks must lie between the header's end and the index.
    init(decoding body: [UInt8], blocks: Range<Int>) throws {
        var decoder = StateDecoder(body)
        for _ in 0..<(try decoder.readCount(ofSize: 4)) {
            let group = try decoder.readVarint()
            let entry = Entry(
                group: UInt32(clamping: group), offset: Int(clamping: try decoder.readVarint()),
                length: Int(clamping: try decoder.readVarint()), rowCount: Int(clamping: try decoder.readVarint()))
            guard entry.rowCount <= Int(UInt32.max) else { throw decoder.malformed("a block has too many rows") }
            guard group <= UInt64(UInt32.max), blocks.lowerBound <= entry.offset, entry.offset <= blocks.upperBound,
                entry.length <= blocks.upperBound - entry.offset
            else { throw decoder.malformed("a block lies outside of the file") }
            entries.append(entry)
        }
        guard decoder.isAtEnd else { throw decoder.malformed("the index is longer than its entries") }
    }
}
