public import StateBackend

/// How a batch that is under way between two workers is written into a snapshot.
@usableFromInline
struct PayloadCodec<Payload: BatchPayload> {
    let encode: (Payload, inout StateEncoder) throws -> Void
    /// Reads a batch; only the records that the closure wants, by their hash where they have keys, else by their number.
    let decode: (inout StateDecoder, _ isWanted: (UInt64?) -> Bool) throws -> Payload
    /// The record's type, for the manifest.
    let schema: TypeSchema
    /// The codec that reads batches whose records were of another schema.
    let reading: (TypeSchema) -> PayloadCodec?
}

extension PayloadCodec {
    /// Nil when the records have no codec.
    @usableFromInline
    static func batches<Element: Sendable>(
        of type: Element.Type, writtenAs written: TypeSchema? = nil
    ) -> PayloadCodec? where Payload == Batch<Element> {
        let codec = StateCodec<Element>.automatic
        let reader = written.map { codec.reading($0) } ?? codec
        guard codec.form != .missing else { return nil }
        return PayloadCodec(
            encode: { batch, encoder in
                encoder.encode(origin: batch.origin)
                encoder.writeVarint(UInt64(batch.count))
                for i in 0..<batch.count {
                    encoder.writeFixed(batch.timestamps[i])
                    try codec.encode(batch.elements[i], into: &encoder)
                }
            },
            decode: { decoder, isWanted in
                let origin = try decoder.decodeOrigin()
                let count = try decoder.readCount()
                let batch = Batch<Element>(capacity: Swift.max(count, 1))
                batch.origin = origin
                for _ in 0..<count {
                    let timestamp: Timestamp = try decoder.readFixed()
                    let element = try reader.decode(&decoder)
                    if isWanted(nil) { batch.append(element, at: timestamp) }
                }
                return batch
            }, schema: codec.schema, reading: { batches(of: type, writtenAs: $0) })
    }

    /// Nil when the records, or their keys, have no codec.
    @usableFromInline
    static func keyedBatches<Key: StreamKey, Element: Sendable>(
        keys: Key.Type, of type: Element.Type, writtenAs written: TypeSchema? = nil
    ) -> PayloadCodec? where Payload == KeyedBatch<Key, Element> {
        let codec = StateCodec<Element>.automatic
        let reader = written.map { codec.reading($0) } ?? codec
        let keyCodec = StateCodec<Key>.automatic
        guard codec.form != .missing, keyCodec.form != .missing else { return nil }
        return PayloadCodec(
            encode: { batch, encoder in
                encoder.encode(origin: batch.records.origin)
                encoder.writeVarint(UInt64(batch.count))
                for i in 0..<batch.count {
                    encoder.writeFixed(batch.records.timestamps[i])
                    try keyCodec.encode(batch.keys[i], into: &encoder)
                    try codec.encode(batch.records.elements[i], into: &encoder)
                }
            },
            decode: { decoder, isWanted in
                let origin = try decoder.decodeOrigin()
                let count = try decoder.readCount()
                let batch = KeyedBatch<Key, Element>(capacity: Swift.max(count, 1))
                batch.note(origin: origin)
                for _ in 0..<count {
                    let timestamp: Timestamp = try decoder.readFixed()
                    let key = try keyCodec.decode(&decoder)
                    let element = try reader.decode(&decoder)
                    let hash = key.stableHash
                    if isWanted(hash) { batch.append(element, at: timestamp, key: key, hash: hash) }
                }
                return batch
            }, schema: codec.schema, reading: { keyedBatches(keys: keys, of: type, writtenAs: $0) })
    }
}

extension StateEncoder {
    fileprivate mutating func encode(origin: BatchOrigin?) {
        writeFixed(UInt8(origin == nil ? 0 : 1))
        guard let origin else { return }
        writeBytes(Array(origin.source.utf8))
        writeFixed(origin.offset)
    }
}

extension StateDecoder {
    fileprivate mutating func decodeOrigin() throws -> BatchOrigin? {
        guard try readFixed(UInt8.self) == 1 else { return nil }
        let source = String(decoding: try readBytes(), as: UTF8.self)
        return BatchOrigin(source: source, offset: try readFixed())
    }
}
