extension SnapshotManifest {
    static let magic = Array("WEIRSNAP".utf8)
    static let version: UInt16 = 1

    /// The manifest as an object's bytes.
    func encoded() throws -> [UInt8] {
        var body = StateEncoder()
        try CodableCodec.encode(self, into: &body)
        return Envelope.wrap(body.bytes, magic: Self.magic, version: Self.version)
    }

    /// Reads a manifest, which must hang together.
    init(decoding bytes: [UInt8], file: String) throws(SnapshotError) {
        let body = try Envelope.unwrap(
            bytes, magic: Self.magic, version: Self.version, of: "the manifest", file: file)
        do {
            var decoder = StateDecoder(body)
            self = try CodableCodec.decode(SnapshotManifest.self, &decoder)
        } catch { throw .damaged(file, "the manifest can't be read: \(error)") }
        let numbers =
            steps.flatMap { $0.parts.flatMap { $0.layers.map(\.file) } } + stores.flatMap { $0.members.map(\.file) }
        guard numbers.allSatisfy(files.indices.contains), files.allSatisfy({ 0...1 << 50 ~= $0.byteCount }) else {
            throw .damaged(file, "the manifest names files that it doesn't list")
        }
    }

    /// A step of the given name.
    public func step(_ name: String) -> Step? { steps.first { $0.name == name } }

    /// A state of a step.
    public func part(_ name: String, of step: String) -> Part? { self.step(step)?.parts.first { $0.name == name } }

    /// The most layers that a part may have on a worker.
    ///
    /// Each costs a file to open and check, and 32 keep the share of complete layers below about 3 % of the state a
    /// snapshot.
    static let mostLayers = 32

    /// Whether the next snapshot should have all of a part's rows on a worker, rather than the changes since this one.
    ///
    /// So when there is nothing to add changes to, when the part has 32 layers on the worker, or when the changes have
    /// more than half the bytes of the first layer. A restore then reads at most about one and a half times the state,
    /// the storage holds no more, and what is written again is paid by changes of half its size.
    ///
    /// False where the rows are in stores, which know themselves what to add.
    public func wantsEverything(step: String, part: String, worker: Int) -> Bool {
        guard let part = self.part(part, of: step) else { return true }
        if part.isStored { return false }
        let layers = part.layers.filter { $0.worker == worker }
        guard let first = layers.first, layers.count < Self.mostLayers else { return true }
        return layers.dropFirst().reduce(0) { $0 + $1.byteCount } > first.byteCount / 2
    }
}
