internal import Workloads

/// A session of one key.
struct Session: Slot {
    var key: Int64
    var first: Int64
    /// 0 in a slot that was never used: long before any event.
    var last: Int64
    /// 0 when no session is open.
    var count: Int64
    var isFree: Bool { last == 0 }
}

/// The events of a ``SessionLoop`` and the row of a session.
protocol SessionWorkload {
    associatedtype Generator: EventGenerator where Generator.Event: BitwiseCopyable

    static func generator(_ parameters: RunParameters) -> Generator
    /// The number of keys, at most.
    static func keys(_ parameters: RunParameters) -> Int64
    /// The event's key; nil when the query leaves the event out.
    static func key(_ event: Generator.Event) -> Int64?
    static func time(_ event: Generator.Event) -> Int64
    static func add(_ session: Session, to digest: inout Digest)
}

/// Visits of users.
enum UserSessions: SessionWorkload {
    static func generator(_ parameters: RunParameters) -> AdsSessions {
        AdsSessions(rate: parameters.rate, users: parameters.users)
    }

    static func keys(_ parameters: RunParameters) -> Int64 { min(parameters.users, parameters.events) }

    @inline(__always)
    static func key(_ ad: Ad) -> Int64? { ad.user }

    @inline(__always)
    static func time(_ ad: Ad) -> Int64 { ad.ts }

    @inline(__always)
    static func add(_ session: Session, to digest: inout Digest) {
        digest.add(session.key, session.first, session.last &- session.first, session.count)
    }
}

/// Sessions of bidders.
enum BidderSessions: SessionWorkload {
    static func generator(_ parameters: RunParameters) -> Nexmark { Nexmark(rate: parameters.rate) }

    static func keys(_ parameters: RunParameters) -> Int64 { NexmarkBounds.people(parameters) }

    @inline(__always)
    static func key(_ event: NexmarkEvent) -> Int64? { if case .bid(let bid) = event { bid.bidder } else { nil } }

    @inline(__always)
    static func time(_ event: NexmarkEvent) -> Int64 { event.ts }

    @inline(__always)
    static func add(_ session: Session, to digest: inout Digest) {
        digest.add(session.key, session.count, session.first, session.last &+ 10_000)
    }
}
