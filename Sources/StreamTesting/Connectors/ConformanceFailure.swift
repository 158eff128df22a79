/// What a source or a sink did otherwise than it should, found by a suite of this module.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
    /// The check, with the seed where it has one.
    public let check: String
    /// What was expected and what there was.
    public let what: String

    /// A failure.
    public init(check: String, what: String) {
        self.check = check
        self.what = what
    }

    /// The check and what was wrong.
    public var description: String { "\(check): \(what)" }
}

/// Tells of the first difference between what there is and what there should be, as a multiset.
func difference<Element: Hashable>(_ found: [Element], from expected: [Element]) -> String? {
    var counts: [Element: Int] = [:]
    for element in expected { counts[element, default: 0] += 1 }
    for element in found { counts[element, default: 0] -= 1 }
    // In the order of the input, so that the text is the same on every run.
    if let missing = expected.first(where: { counts[$0, default: 0] > 0 }) {
        return "\(missing) is missing (there are \(found.count) of \(expected.count) records)"
    }
    if let surplus = found.first(where: { counts[$0, default: 0] < 0 }) {
        return "\(surplus) is there once too often (there are \(found.count) records instead of \(expected.count))"
    }
    return nil
}
