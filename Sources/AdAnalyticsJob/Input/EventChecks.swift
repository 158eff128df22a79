internal import Weir

/// What makes a decoded record a valid event.
enum EventChecks {
    /// Times outside 2000…2100 are taken for mistakes: one of them would move the watermark by decades.
    static let times: ClosedRange<Timestamp> = 946_684_800_000...4_102_444_799_999

    static func kind(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) -> AdEvent.Kind {
        if matches(bytes, "impression") { return .impression }
        if matches(bytes, "view") { return .view }
        if matches(bytes, "click") { return .click }
        if matches(bytes, "basket") { return .basket }
        if matches(bytes, "purchase") { return .purchase }
        if bytes.isEmpty { throw DecodeError.missingField("type") }
        throw DecodeError.unknownValue(String(decoding: bytes.prefix(64), as: UTF8.self), field: "type")
    }

    /// As for bytes, for a name that was written with escapes.
    static func kind(_ name: String) throws(DecodeError) -> AdEvent.Kind {
        if name.isEmpty { throw DecodeError.missingField("type") }
        guard let kind = AdEvent.Kind.allCases.first(where: { $0 != .other && $0.name == name }) else {
            throw DecodeError.unknownValue(String(name.prefix(64)), field: "type")
        }
        return kind
    }

    private static func matches(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        bytes.count == name.utf8CodeUnitCount
            && bytes.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    static func finish(_ event: inout AdEvent, hasTime: Bool, _ position: RecordPosition) throws(DecodeError) {
        if !hasTime { throw DecodeError.missingField("event_time") }
        if event.tenant.isEmpty { throw DecodeError.missingField("tenant") }
        if event.user.isEmpty { throw DecodeError.missingField("user") }
        try check(time: event.time)
        if event.priceMicros < 0 || event.quantity < 0 {
            throw DecodeError(
                code: .outOfRange,
                message: "price_micros and quantity must not be negative; write returns as events "
                    + "of their own", offset: 0)
        }
        event.sequence = EventSequence(file: position.file, offset: position.offset)
    }

    static func check(time: Timestamp) throws(DecodeError) {
        if !times.contains(time) {
            throw DecodeError(
                code: .outOfRange,
                message: "the event time \(time) is outside the years 2000 to 2100; is it in "
                    + "milliseconds since 1970?", offset: 0)
        }
    }
}
