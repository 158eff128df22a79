public import Weir

/// How events are saved: field by field, in the order of their declaration.
extension AdEvent: StateCodable {
    /// Writes the event.
    public func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(id)
        try encoder.encode(time)
        try encoder.encode(kind)
        try encoder.encode(tenant)
        try encoder.encode(user)
        try encoder.encode(campaign)
        try encoder.encode(priceMicros)
        try encoder.encode(quantity)
        try encoder.encode(sequence)
    }

    /// Reads an event.
    public init(decoding decoder: inout StateDecoder) throws {
        self.init()
        id = try decoder.decode()
        time = try decoder.decode()
        kind = try decoder.decode()
        tenant = try decoder.decode()
        user = try decoder.decode()
        campaign = try decoder.decode()
        priceMicros = try decoder.decode()
        quantity = try decoder.decode()
        sequence = try decoder.decode()
    }
}

extension AdEvent.Kind: StateCodable {
    /// Writes the raw value.
    public func encode(into encoder: inout StateEncoder) throws { encoder.writeFixed(rawValue) }

    /// Reads a raw value.
    public init(decoding decoder: inout StateDecoder) throws {
        let raw: UInt8 = try decoder.readFixed()
        guard let kind = Self(rawValue: raw) else { throw decoder.malformed("\(raw) is no kind of event") }
        self = kind
    }
}

extension EventSequence: StateCodable {
    /// Writes file, part and offset.
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeFixed(file)
        encoder.writeFixed(part)
        encoder.writeFixed(offset)
    }

    /// Reads file, part and offset.
    public init(decoding decoder: inout StateDecoder) throws {
        self.init()
        file = try decoder.readFixed()
        part = try decoder.readFixed()
        offset = try decoder.readFixed()
    }
}
