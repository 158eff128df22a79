internal import Weir
internal import Workloads

/// Someone joined, or someone sold.
struct Activity: Sendable {
    var person: Int64
    /// The name of one who joined.
    var name: Int64?
}

/// Whether a person joined, under which name, and how often the person sold.
struct JoinedAndSold: AggregateFunction {
    struct Both: Sendable {
        var name: Int64?
        var sales: Int
    }

    func start(_ activity: Activity) -> Both {
        Both(name: activity.name, sales: activity.name == nil ? 1 : 0)
    }

    func add(_ activity: Activity, to both: inout Both) {
        if let name = activity.name { both.name = name } else { both.sales += 1 }
    }

    func merge(_ other: Both, into both: inout Both) {
        both.name = both.name ?? other.name
        both.sales += other.sales
    }

    func result(_ both: Both) -> Both { both }
}
