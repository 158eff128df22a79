internal import Weir

/// Reads an event of the job's own schema from a JSON object.
struct OwnJSONDecoder: Sendable {
    /// The tenant of all events; empty where each has its own.
    private let defaultTenant: String
    /// Columns other than the fields' own names, as bytes; nil when there are none, which is the fast way.
    private let columns: [[UInt8]]?

    init(_ fields: AdEventFields) {
        defaultTenant = fields.tenant ?? ""
        columns = fields.isIdentity ? nil : AdEventFields.names.map { Array(fields.column($0).utf8) }
    }

    func read(_ object: inout JSONObjectReader, _ position: RecordPosition) throws(DecodeError) -> AdEvent {
        var event = AdEvent()
        event.tenant = defaultTenant
        var hasTime = false
        var hasKind = false
        while let name = try object.nextField() {
            switch try field(name) {
            case 0: event.id = try string(&object)
            case 1:
                event.time = try object.timestamp()
                hasTime = true
            case 2:
                let value = object
                let (bytes, hasEscapes) = try object.stringBytes()
                if hasEscapes {
                    object = value
                    event.kind = try EventChecks.kind(try object.string())
                } else {
                    event.kind = try EventChecks.kind(bytes)
                }
                hasKind = true
            case 3:
                let tenant = try string(&object)
                if defaultTenant.isEmpty { event.tenant = tenant }
            case 4: event.user = try string(&object)
            case 5: event.campaign = try string(&object)
            // Not used by the results so far, but a wrong type still tells of a broken record.
            case 6, 7: if object.isNull() { try object.null() } else { _ = try object.stringBytes() }
            case 8: event.priceMicros = try int64(&object) ?? 0
            case 9: event.quantity = try int64(&object) ?? 1
            default: try object.skipValue()
            }
        }
        if !hasKind { throw DecodeError.missingField("type") }
        try EventChecks.finish(&event, hasTime: hasTime, position)
        return event
    }

    private func string(_ object: inout JSONObjectReader) throws(DecodeError) -> String {
        if object.isNull() {
            try object.null()
            return ""
        }
        return try object.string()
    }

    @inline(__always)
    private func int64(_ object: inout JSONObjectReader) throws(DecodeError) -> Int64? {
        guard object.isNull() else { return try object.int64() }
        try object.null()
        return nil
    }

    /// The index of the field in ``AdEventFields/names``, or -1.
    @inline(__always)
    private func field(_ name: FieldName) throws(DecodeError) -> Int {
        if let columns {
            let text = Array(try name.string.utf8)
            return columns.firstIndex(of: text) ?? -1
        }
        switch name {
        case "event_id": return 0
        case "event_time": return 1
        case "type": return 2
        case "tenant": return 3
        case "user": return 4
        case "campaign": return 5
        case "ad": return 6
        case "product": return 7
        case "price_micros": return 8
        case "quantity": return 9
        default: return -1
        }
    }
}
