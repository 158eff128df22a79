/// How well a program's type or state fits what a snapshot holds, from best to worst.
public enum StateFit: Int, Sendable, Comparable, Codable {
    /// Nothing has changed.
    case same
    /// It is read by itself.
    case compatible
    /// It is read through a migration that the program has.
    case migrated
    /// It is not read; a migration given to the state's codec would do.
    case needsMigration
    /// It is not read, and no migration helps.
    case incompatible

    /// Whether `a` fits better than `b`.
    public static func < (a: StateFit, b: StateFit) -> Bool { a.rawValue < b.rawValue }
}

/// A ``StateFit`` with what it depends on.
struct FitReport: Equatable {
    var fit = StateFit.same
    /// What has changed, in words.
    var reasons: [String] = []
    /// The migrations of types that lie in values of the `Codable` form.
    var nested: [NestedMigration] = []

    init(_ fit: StateFit = .same, _ reasons: String...) {
        self.fit = fit
        self.reasons = reasons
    }

    /// Takes in a part of the whole.
    mutating func add(_ other: FitReport) {
        fit = max(fit, other.fit)
        reasons += other.reasons
        nested += other.nested
    }
}
