/// Reads a row file, block by block, only those of the groups that are asked for.
struct RowFileReader {
    private let storage: any SnapshotStorage
    private let file: SnapshotManifest.File
    let header: RowFileHeader
    let index: RowFileIndex

    /// The most bytes that are read at once, unless a block has more.
    private static let readLength = 1 << 20

    /// Opens a file: reads its header, footer and index.
    init(_ file: SnapshotManifest.File, in storage: any SnapshotStorage) throws {
        self.storage = storage
        self.file = file
        let name = file.object
        let fixed = try storage.get(name, range: 0..<Envelope.headLength)
        guard let length = Envelope.length(fixed, magic: RowFileHeader.magic), length <= file.byteCount else {
            throw SnapshotError.damaged(name, "it does not begin as a row file does")
        }
        let head = try Envelope.unwrap(
            try storage.get(name, range: 0..<length), magic: RowFileHeader.magic, version: RowFileHeader.version,
            of: "the header of the row file", file: name)
        let end = file.byteCount - RowFileIndex.footerLength
        guard end >= length else { throw SnapshotError.damaged(name, "it ends too early") }
        let footer = try storage.get(name, range: end..<file.byteCount)
        let (offset, rowCount) = try RowFileIndex.offset(footer: footer, file: name)
        guard offset >= length, offset <= end else { throw SnapshotError.damaged(name, "its index is not in it") }
        let indexBody = try Envelope.unwrap(
            try storage.get(name, range: offset..<end), magic: RowFileIndex.magic, version: RowFileHeader.version,
            of: "the index of the row file", file: name)
        do {
            header = try RowFileHeader(decoding: head)
            index = try RowFileIndex(decoding: indexBody, blocks: length..<offset)
        } catch { throw SnapshotError.damaged(name, "\(error)") }
        guard index.rowCount == rowCount else {
            throw SnapshotError.damaged(name, "its index has \(index.rowCount) rows, its footer says \(rowCount)")
        }
    }

    /// Hands the rows of the given groups to `body`, a block at a time, and those that belong to no group.
    func read(groups: Range<Int>?, _ body: (StateRows, RowFileIndex.Entry) throws -> Void) throws {
        // In the order of the file: rows of one group keep theirs, and the storage is read forwards.
        let wanted = index.entries.filter { entry in
            guard let groups, entry.group != RowFileHeader.noGroup else { return true }
            return groups.contains(Int(entry.group))
        }.sorted { $0.offset < $1.offset }
        var first = 0
        while first < wanted.count {
            let start = wanted[first].offset
            var end = start + wanted[first].length
            var next = first + 1
            while next < wanted.count, wanted[next].offset == end, end + wanted[next].length - start <= Self.readLength
            {
                end += wanted[next].length
                next += 1
            }
            let bytes = try storage.get(file.object, range: start..<end)
            guard bytes.count == end - start else { throw SnapshotError.damaged(file.object, "it ends too early") }
            for entry in wanted[first..<next] {
                let place = entry.offset - start
                try body(
                    RowBlock.decode(bytes, in: place..<(place + entry.length), entry: entry, file: file.object),
                    entry)
            }
            first = next
        }
    }
}
