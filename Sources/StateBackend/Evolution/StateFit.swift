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
    /// How the types that bring migrations are read, wherever they lie in values of the `Codable` form.
    var nested: [NestedMigration] = []

    init(_ fit: StateFit = .same, _ reasons: String...) {
        self.fit = fit
        self.reasons = reasons
    }

    /// Takes in a part of the whole.
    mutating func add(_ other: FitReport) {
        fit = max(fit, other.fit)
        reasons += other.reasons
        for one in other.nested { add(nested: one) }
    }

    mutating func add(nested one: NestedMigration) { if !nested.contains(one) { nested.append(one) } }

    /// Leaves the migrations that are applied, and refuses a type that is read in different ways.
    ///
    /// When values are read, it is the type alone that tells what migration is meant, not the place.
    mutating func settleNested() {
        let all = nested
        for (index, one) in all.enumerated() where all[..<index].contains(where: { $0.type == one.type }) {
            add(
                FitReport(
                    .needsMigration,
                    "\(one.name) was written in different forms in different places; give the type around it a "
                        + "migration"))
        }
        nested = all.filter { $0.read != nil }
    }
}
