import Weir

/// The tests' record in state and snapshots.
extension Event: StateCodable {
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(id)
        try encoder.encode(key)
        try encoder.encode(time)
        try encoder.encode(value)
    }

    init(decoding decoder: inout StateDecoder) throws {
        id = try decoder.decode()
        key = try decoder.decode()
        time = try decoder.decode()
        value = try decoder.decode()
    }
}
