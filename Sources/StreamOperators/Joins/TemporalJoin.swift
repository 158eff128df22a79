public import StreamCore

extension KeyedStream {
    /// Joins each record with the version of its key that was valid at the record's event time.
    ///
    /// A version is valid from its own time on, until the next one's; of several with the same time the last to arrive
    /// counts. A record waits until the watermark reaches its time, when no version for it can come any more; the
    /// results of a key come in the order of the records' times, and have the records' timestamps. A record for whose
    /// time there is no version gives nothing; see ``leftJoin(_:versions:lateLeft:lateVersions:isDeletion:onError:_:)``.
    ///
    /// A record behind the watermark is late, and so is a version at or behind it. (As Flink's event-time temporal
    /// join.) Kept per key: the waiting records, the version valid at the watermark, and those after it.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - versions: the versions, with the times from which they are valid.
    ///   - lateLeft: what becomes of late records. By default they are dropped and counted.
    ///   - lateVersions: what becomes of late versions. By default they are dropped and counted.
    ///   - isDeletion: whether a version says that from its time on there is none. By default none does.
    ///   - onError: what becomes of a record for which `combine` throws. By default the job fails.
    ///   - combine: makes the result.
    @inlinable
    public func join<Version: Sendable, Output: Sendable>(
        _ name: String, versions: KeyedStream<Key, Version>, lateLeft: LateRecords<Element> = .drop,
        lateVersions: LateRecords<Version> = .drop,
        isDeletion: (@Sendable (Version) -> Bool)? = nil, onError: ErrorPolicy = .fail,
        _ combine: @escaping @Sendable (Element, Version) throws -> Output
    ) -> DataStream<Output> {
        temporalJoin(name, versions, lateLeft, lateVersions, isDeletion, onError) { record, version in
            guard let version else { return nil }
            return try combine(record, version)
        }
    }

    /// As ``join(_:versions:lateLeft:lateVersions:isDeletion:onError:_:)``, with a result for every record that is not late:
    /// where no version is valid the function is given nil.
    @inlinable
    public func leftJoin<Version: Sendable, Output: Sendable>(
        _ name: String, versions: KeyedStream<Key, Version>, lateLeft: LateRecords<Element> = .drop,
        lateVersions: LateRecords<Version> = .drop,
        isDeletion: (@Sendable (Version) -> Bool)? = nil, onError: ErrorPolicy = .fail,
        _ combine: @escaping @Sendable (Element, Version?) throws -> Output
    ) -> DataStream<Output> {
        temporalJoin(name, versions, lateLeft, lateVersions, isDeletion, onError) { try combine($0, $1) }
    }

    @inlinable
    func temporalJoin<Version: Sendable, Output: Sendable>(
        _ name: String, _ versions: KeyedStream<Key, Version>, _ lateLeft: LateRecords<Element>,
        _ lateVersions: LateRecords<Version>, _ isDeletion: (@Sendable (Version) -> Bool)?, _ onError: ErrorPolicy,
        _ combine: @escaping @Sendable (Element, Version?) throws -> Output?
    ) -> DataStream<Output> {
        connect(name, versions) { context in
            try TemporalJoinOperator<Key, Element, Version, Output>(
                lateLeft: try LatenessPolicy(allowed: 0, late: lateLeft, context: context),
                lateVersions: try LatenessPolicy(allowed: 0, late: lateVersions, context: context),
                isDeletion: isDeletion, combine: combine, onError: onError, context: context)
        }
    }
}
