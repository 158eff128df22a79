/// How much a guarded piece of code has to do.
struct GuardSize {
    var batches: Int
    var batchSize: Int

    var records: Int { batches * batchSize }
}

/// A piece of the record path whose cost is guarded.
struct GuardedHop: Sendable {
    let name: String
    /// What else the run does: its cost is taken off; nil for nothing.
    let base: String?
    /// Whether its records are such as must not be allocated for, one by one.
    let isTrivial: Bool
    let run: @Sendable (GuardSize) throws -> Void

    init(
        _ name: String, over base: String? = nil, isTrivial: Bool = true,
        _ run: @escaping @Sendable (GuardSize) throws -> Void
    ) {
        self.name = name
        self.base = base
        self.isTrivial = isTrivial
        self.run = run
    }
}
