public import Weir

extension Touch: StateCodable {
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(time)
        try encoder.encode(sequence)
        try encoder.encode(campaign)
    }

    init(decoding decoder: inout StateDecoder) throws {
        time = try decoder.decode()
        sequence = try decoder.decode()
        campaign = try decoder.decode()
    }
}

/// How attributions are saved: field by field, in the order of their declaration.
extension Attribution: StateCodable {
    /// Writes the attribution.
    public func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(kind)
        try encoder.encode(tenant)
        try encoder.encode(user)
        try encoder.encode(time)
        try encoder.encode(sequence)
        try encoder.encode(revenueMicros)
        try encoder.encode(campaign)
        try encoder.encode(touchTime)
        try encoder.encode(touchSequence)
    }

    /// Reads an attribution.
    public init(decoding decoder: inout StateDecoder) throws {
        kind = try decoder.decode()
        tenant = try decoder.decode()
        user = try decoder.decode()
        time = try decoder.decode()
        sequence = try decoder.decode()
        revenueMicros = try decoder.decode()
        campaign = try decoder.decode()
        touchTime = try decoder.decode()
        touchSequence = try decoder.decode()
    }
}
