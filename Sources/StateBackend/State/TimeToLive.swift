/// How long the values of a state live, by processing time.
///
/// A value that has expired is never returned: it is as if it had been removed. Its memory is given back when it is
/// next asked for, or bit by bit as batches are processed. The time is that of the batch: a value may outlive its time
/// by as long as a batch takes.
public struct TimeToLive: Sendable, Equatable {
    /// What makes a value's life begin anew.
    public enum Refresh: Sendable {
        /// Writing it.
        case onWrite
        /// Writing or reading it.
        case onReadAndWrite
    }

    /// How long a value lives, in milliseconds; 1 at least.
    public let milliseconds: Int64
    /// What makes a value's life begin anew.
    public let refresh: Refresh

    /// A time to live.
    ///
    /// - Parameters:
    ///   - duration: how long a value lives, rounded up to milliseconds.
    ///   - refresh: what makes its life begin anew. By default writing.
    public init(_ duration: Duration, refresh: Refresh = .onWrite) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        let (sum, overflow2) = whole.addingReportingOverflow(part)
        milliseconds = overflow || overflow2 ? .max : Swift.max(sum, 1)
        self.refresh = refresh
    }
}

/// A value and the time from which on it isn't there any more, in milliseconds; the largest number for never.
@frozen
@usableFromInline
struct Expiring<Value> {
    @usableFromInline var expiry: Int64
    @usableFromInline var value: Value

    @inlinable @inline(__always)
    init(expiry: Int64, value: Value) {
        self.expiry = expiry
        self.value = value
    }
}

extension StateCodec {
    /// How a value is written that expires: the time in 8 bytes, low bytes first, then the value.
    ///
    /// In this form a store can tell what has expired without knowing types.
    var expiring: StateCodec<Expiring<Value>> {
        StateCodec<Expiring<Value>>(
            of: { [schema] },
            encode: { entry, encoder in
                encoder.writeFixed(entry.expiry)
                try self.encode(entry.value, into: &encoder)
            },
            decode: { written in
                let value = reading(written, 0)
                return { Expiring(expiry: try $0.readFixed(), value: try value.decode(&$0)) }
            })
    }

    /// Reads values that were written without a time to live, as if they had been written now.
    ///
    /// - Parameters:
    ///   - written: what was written; nil where it isn't known.
    ///   - deadline: when they expire.
    func expiring(at deadline: Int64, from written: TypeSchema?) -> StateCodec<Expiring<Value>> {
        let values = written.map { reading($0) } ?? self
        var codec = expiring
        codec.read = { Expiring(expiry: deadline, value: try values.decode(&$0)) }
        return codec
    }
}

/// What the values of a table mean beyond their bytes.
@usableFromInline
struct TableTraits<Value> {
    /// How long values live, in milliseconds; nil where they don't expire.
    @usableFromInline var timeToLive: Int64?
    /// Whether a value has expired.
    @usableFromInline var isExpired: ((Value) -> Bool)?
    /// What is shown of a value; nil where it has expired.
    @usableFromInline var reveal: (Value) -> Any? = { $0 }
    /// The time by which a store may drop rows; nil where they don't expire.
    @usableFromInline var expiryTime: (@Sendable () -> Int64)?
    /// Reads values that were written without a time to live; nil where they don't expire.
    @usableFromInline var adopt: ((_ written: TypeSchema?) -> StateCodec<Value>)?
    /// The time by which values expire that were written with a time to live.
    @usableFromInline var clock: () -> Int64 = { .min }

    @inlinable
    init(
        timeToLive: Int64? = nil, isExpired: ((Value) -> Bool)? = nil, reveal: @escaping (Value) -> Any? = { $0 },
        expiryTime: (@Sendable () -> Int64)? = nil, adopt: ((TypeSchema?) -> StateCodec<Value>)? = nil
    ) {
        self.adopt = adopt
        self.timeToLive = timeToLive
        self.isExpired = isExpired
        self.reveal = reveal
        self.expiryTime = expiryTime
    }
}
