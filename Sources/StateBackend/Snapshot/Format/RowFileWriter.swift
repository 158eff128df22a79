/// Writes the rows of a part on one worker, which come in any order, as blocks of one key group each.
final class RowFileWriter {
    let object: String
    private let output: any SnapshotObjectWriter
    private let compression: SnapshotCompression
    private let keyGroups: KeyGroups
    private let isKeyed: Bool
    /// The hash that every row gets: the worker's number, where rows belong to no key.
    private let fixedHash: UInt64?
    private var index = RowFileIndex()
    private var checksum = CRC32C()
    private var scratch: [UInt8] = []
    /// The buffer of each group, by its place in `buffers`, plus one; 0 where it has none yet.
    ///
    /// The last is that of rows
    /// of no group.
    private var places: [Int32]
    private var buffers: [(group: UInt32, size: Int, rows: StateRows)] = []

    /// The bytes that wait to be written.
    private(set) var buffered = 0
    private(set) var rowCount = 0
    /// The bytes of keys and values.
    private(set) var contentBytes = 0
    /// The bytes of the file so far.
    private(set) var byteCount = 0

    init(_ header: RowFileHeader, object: String, compression: SnapshotCompression, in storage: any SnapshotStorage)
        throws
    {
        self.object = object
        self.compression = compression
        keyGroups = KeyGroups(count: header.keyGroups)
        isKeyed = header.distribution == .keyed
        let belongsToWorker = header.distribution == .worker || header.distribution == .list
        fixedHash = belongsToWorker ? UInt64(header.worker) : nil
        places = [Int32](repeating: 0, count: keyGroups.count + 1)
        output = try storage.put(object)
        do { try write(header.encoded()) } catch {
            output.abort()
            throw error
        }
    }

    func append(_ rows: StateRows) throws {
        for row in rows.rows {
            let group = isKeyed ? keyGroups.group(ofHash: row.hash) : keyGroups.count
            guard row.length < SnapshotCompression.longestBlock / 2 else {
                throw SnapshotError(
                    code: .storageFailed, file: object,
                    message: "a row of \(row.length) bytes is too long for a snapshot; keep less under one key")
            }
            let place = place(of: group)
            let size = row.length + RowBlock.rowOverhead
            buffers[place].rows.append(row, of: rows, hash: fixedHash)
            buffers[place].size += size
            buffered += size
            contentBytes += row.length
            if buffers[place].size >= RowBlock.targetLength { try flush(place) }
        }
        rowCount += rows.count
    }

    /// Writes the fuller half of what waits.
    func relieve() throws {
        guard !buffers.isEmpty else { return }
        let mean = buffered / buffers.count
        for place in buffers.indices where buffers[place].size >= mean { try flush(place) }
    }

    /// Writes what waits, the index and the footer, and makes the file durable.
    func finish() throws -> SnapshotManifest.File {
        let byGroup = buffers.indices.sorted { buffers[$0].group < buffers[$1].group }
        for place in byGroup { try flush(place) }
        index.entries.sort { ($0.group, $0.offset) < ($1.group, $1.offset) }
        let offset = byteCount
        try write(index.encoded())
        try write(index.footer(offset: offset))
        try output.commit()
        return SnapshotManifest.File(object: object, byteCount: byteCount, checksum: checksum.value)
    }

    func abort() { output.abort() }

    private func place(of group: Int) -> Int {
        if places[group] > 0 { return Int(places[group] - 1) }
        buffers.append((group == keyGroups.count ? RowFileHeader.noGroup : UInt32(group), 0, StateRows()))
        places[group] = Int32(buffers.count)
        return buffers.count - 1
    }

    private func flush(_ place: Int) throws {
        guard !buffers[place].rows.isEmpty else { return }
        let group = buffers[place].group
        let block = RowBlock.encode(buffers[place].rows, group: group, compression: compression, scratch: &scratch)
        index.entries.append(
            RowFileIndex.Entry(
                group: group, offset: byteCount, length: block.count, rowCount: buffers[place].rows.count))
        buffered -= buffers[place].size
        buffers[place].size = 0
        buffers[place].rows.removeAll()
        try write(block)
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes {
            checksum.add($0)
            try output.write($0)
        }
        byteCount += bytes.count
    }
}
