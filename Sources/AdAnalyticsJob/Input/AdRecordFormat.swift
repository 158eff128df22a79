public import Weir

/// Turns the records of a file of any ``AdEventFormat`` into events.
public struct AdRecordFormat: RecordFormat {
    /// The format.
    public let format: AdEventFormat
    /// The columns of the job's own schema.
    public let fields: AdEventFields

    /// Reads files of `format`; `fields` matters for JSON and CSV of the job's own schema only.
    public init(_ format: AdEventFormat, fields: AdEventFields = AdEventFields()) {
        self.format = format
        self.fields = fields
    }

    /// Where a record ends: at the line's end in every format, so that a stray quote spoils one line and not the rest of
    /// the file.
    public var framing: RecordFraming { .lines }

    /// A decoder for one file.
    public func makeDecoder() -> AdRecordDecoder { AdRecordDecoder(self) }
}

/// Decodes the records of one file.
public struct AdRecordDecoder: RecordDecoder {
    private enum Kind {
        case ownJSON(OwnJSONDecoder)
        case gharchive
        case csv(CSVDecoder<AdEvent>)
    }

    private let kind: Kind
    private var csv: CSVDecoder<AdEvent>?

    init(_ format: AdRecordFormat) {
        switch format.format {
        case .json: kind = .ownJSON(OwnJSONDecoder(format.fields))
        case .gharchive: kind = .gharchive
        case .csv: kind = .csv(CSVEventFormats.own(format.fields).makeDecoder())
        case .ga360: kind = .csv(CSVEventFormats.ga360.makeDecoder())
        case .talkingdata: kind = .csv(CSVEventFormats.talkingdata.makeDecoder())
        }
        if case .csv(let decoder) = kind { csv = decoder }
    }

    /// Decodes a record; one that isn't valid UTF-8 is rejected as a whole.
    public mutating func decode(
        _ record: UnsafeRawBufferPointer, at position: RecordPosition, into output: SourceOutput<AdEvent>
    ) throws {
        if !Self.isASCII(record) && String(validating: record, as: UTF8.self) == nil {
            throw DecodeError(
                code: .invalidUTF8, message: "the record is not valid UTF-8; write the file as UTF-8", offset: 0)
        }
        switch kind {
        case .ownJSON(let decoder):
            var object = try JSONObjectReader(record)
            let event = try decoder.read(&object, position)
            try object.finish()
            output.emit(event)
        case .gharchive:
            var object = try JSONObjectReader(record)
            let event = try GitHubEventDecoder.read(&object, position)
            try object.finish()
            output.emit(event)
        case .csv:
            try csv?.decode(record, at: position, into: output)
        }
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var bits: UInt64 = 0
        var offset = 0
        while offset + 8 <= bytes.count {
            bits |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        for byte in bytes[offset...] { bits |= UInt64(byte) }
        return bits & 0x8080_8080_8080_8080 == 0
    }
}
