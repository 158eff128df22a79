/// Names a typed side output of a step: late records, rejected records, or whatever its operator sends there.
///
/// ```swift
/// let late = SideOutput<Click>("late clicks")
/// let counts = clicks.keyBy(\.campaign).window(.tumbling(.seconds(60)), late: .sideOutput(late)).aggregate(…)
/// counts.sideOutput(late).write("late", to: file)
/// ```
public struct SideOutput<Element: Sendable>: Sendable {
    /// The name, unique among the step's side outputs.
    public let name: String

    /// A side output of the given name.
    public init(_ name: String) { self.name = name }
}
