/// A block of a row file: rows of one key group, compressed and checksummed by themselves.
///
/// Header (24 bytes, little-endian): group, number of rows, bytes before compression, bytes as stored (4 bytes each),
/// compression (1 byte), 3 bytes of zero, CRC-32C of the header so far and the stored bytes (4 bytes). Then the stored
/// bytes. Before compression they are: the rows' hashes (8 bytes each), for each row the varints of its key's length
/// times two (plus one for a removal) and of its value's length, then the rows' keys and values.
enum RowBlock {
    static let headerLength = 24
    /// Rows are gathered until they have about this many bytes.
    static let targetLength = 64 << 10

    /// What a row takes besides its bytes, about.
    static let rowOverhead = 10

    /// The rows as one block: header and stored bytes.
    static func encode(
        _ rows: StateRows, group: UInt32, compression: SnapshotCompression, scratch: inout [UInt8]
    ) -> [UInt8] {
        var raw = StateEncoder()
        raw.bytes.reserveCapacity(rows.byteCount + rows.count * 12)
        for row in rows.rows { raw.writeFixed(row.hash) }
        for row in rows.rows {
            raw.writeVarint(UInt64(row.keyLength) << 1 | (row.isRemoval ? 1 : 0))
            raw.writeVarint(UInt64(row.length - row.keyLength))
        }
        raw.bytes.append(contentsOf: rows.bytes)
        let compressed = compression.compress(raw.bytes, into: &scratch)
        var block = StateEncoder()
        let stored = compressed ?? raw.bytes.count
        block.bytes.reserveCapacity(headerLength + stored)
        block.writeFixed(group)
        block.writeFixed(UInt32(rows.count))
        block.writeFixed(UInt32(raw.bytes.count))
        block.writeFixed(UInt32(stored))
        block.writeFixed(compressed == nil ? SnapshotCompression.none.rawValue : compression.rawValue)
        block.writeFixed(UInt8(0))
        block.writeFixed(UInt16(0))
        var checksum = CRC32C()
        block.bytes.withUnsafeBytes { checksum.add($0) }
        let body = compressed.map { scratch[..<$0] } ?? raw.bytes[...]
        body.withUnsafeBytes { checksum.add($0) }
        block.writeFixed(checksum.value)
        block.bytes.append(contentsOf: body)
        return block.bytes
    }

    /// The rows of the block at `range` of `bytes`.
    ///
    /// - Parameter entry: what the file's index says of the block.
    static func decode(
        _ bytes: [UInt8], in range: Range<Int>, entry: RowFileIndex.Entry, file: String
    ) throws(SnapshotError) -> StateRows {
        let start = range.lowerBound
        guard range.count >= headerLength, range.upperBound <= bytes.count else {
            throw .damaged(file, "a block ends too early")
        }
        let storedLength = Int(bytes.fixed(UInt32.self, at: start + 12))
        guard storedLength == range.count - headerLength else {
            throw .damaged(file, "a block has another length than the index says")
        }
        let body = bytes[(start + headerLength)..<range.upperBound]
        var checksum = CRC32C()
        bytes[start..<(start + 20)].withUnsafeBytes { checksum.add($0) }
        body.withUnsafeBytes { checksum.add($0) }
        guard checksum.value == bytes.fixed(UInt32.self, at: start + 20) else {
            throw .damaged(file, "the checksum of the block at byte \(entry.offset) is wrong")
        }
        let count = Int(bytes.fixed(UInt32.self, at: start + 4))
        guard bytes.fixed(UInt32.self, at: start) == entry.group, count == entry.rowCount else {
            throw .damaged(file, "the block at byte \(entry.offset) is not the one that the index says")
        }
        let length = Int(bytes.fixed(UInt32.self, at: start + 8))
        guard let compression = SnapshotCompression(rawValue: bytes[start + 16]),
            let raw = compression.expand(body, count: length)
        else { throw .damaged(file, "the block at byte \(entry.offset) can't be decompressed") }
        do { return try rows(raw, count: count) } catch {
            throw .damaged(file, "the block at byte \(entry.offset) holds no rows: \(error)")
        }
    }

    private static func rows(_ raw: [UInt8], count: Int) throws -> StateRows {
        var decoder = StateDecoder(raw)
        guard count <= decoder.left / 10 else { throw decoder.truncated("\(count) rows") }
        decoder.position = count * 8
        var rows: [StateRows.Row] = []
        rows.reserveCapacity(count)
        var start = 0
        for index in 0..<count {
            let key = try decoder.readVarint()
            let value = try decoder.readVarint()
            guard key >> 1 <= UInt64(raw.count), value <= UInt64(raw.count) else {
                throw decoder.truncated("a row")
            }
            let keyLength = Int(key >> 1)
            rows.append(
                StateRows.Row(
                    hash: raw.fixed(UInt64.self, at: index * 8), start: start, keyLength: keyLength,
                    length: keyLength + Int(value), isRemoval: key & 1 == 1))
            start += keyLength + Int(value)
        }
        guard decoder.left == start else { throw decoder.malformed("rows have another length than they say") }
        return StateRows(bytes: Array(raw[decoder.position...]), rows: rows)
    }
}
