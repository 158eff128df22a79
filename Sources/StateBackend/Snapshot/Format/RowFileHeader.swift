/// What a row file is, as its first bytes say.
///
/// The layout of row files is described in `Docs/internals/state-format.md`.
struct RowFileHeader: Equatable {
    /// The first bytes of a row file.
    static let magic = Array("WEIRROWS".utf8)
    /// The version that is written.
    static let version: UInt16 = 1
    /// The bytes before the header's body: magic, version, length of the body.
    static let fixedLength = 16
    /// The group in whose place rows stand that belong to no key group.
    static let noGroup: UInt32 = .max

    var pipeline: String
    var snapshot: Int
    var step: String
    var part: String
    var worker: Int
    var distribution: StateDistribution
    /// Whether the rows are all that the part held on the worker; else they are changes.
    var isComplete: Bool
    var keyGroups: Int

    /// The header's bytes: magic, version, two bytes of zero, length, body, checksum of all of it.
    func encoded() -> [UInt8] {
        var body = StateEncoder()
        pipeline.encode(into: &body)
        body.writeVarint(UInt64(max(snapshot, 0)))
        step.encode(into: &body)
        part.encode(into: &body)
        body.writeVarint(UInt64(max(worker, 0)))
        body.writeFixed(distribution.rawValue)
        isComplete.encode(into: &body)
        body.writeVarint(UInt64(keyGroups))
        return Envelope.wrap(body.bytes, magic: Self.magic, version: Self.version)
    }

    /// Reads a header's body.
    init(decoding body: [UInt8]) throws {
        var decoder = StateDecoder(body)
        pipeline = try decoder.decode()
        snapshot = Int(clamping: try decoder.readVarint())
        step = try decoder.decode()
        part = try decoder.decode()
        worker = Int(clamping: try decoder.readVarint())
        guard let distribution = StateDistribution(rawValue: try decoder.readFixed()) else {
            throw decoder.malformed("there is no such distribution")
        }
        self.distribution = distribution
        isComplete = try decoder.decode()
        keyGroups = Int(clamping: try decoder.readVarint())
        guard decoder.isAtEnd else { throw decoder.malformed("the header is longer than its fields") }
    }

    init(
        pipeline: String, snapshot: Int, step: String, part: String, worker: Int, distribution: StateDistribution,
        isComplete: Bool, keyGroups: Int
    ) {
        self.pipeline = pipeline
        self.snapshot = snapshot
        self.step = step
        self.part = part
        self.worker = worker
        self.distribution = distribution
        self.isComplete = isComplete
        self.keyGroups = keyGroups
    }
}
