public import StateBackend
public import StreamCore

/// Both sides of a window join in one general window operator; what is late leaves by its own side.
@usableFromInline
struct WindowJoinOperator<
    Key: StreamKey, LeftRecord: Sendable, RightRecord: Sendable, Windows: Windowing, Output: Sendable
>: TwoInputOperator where Windows.Element == WindowJoinRecord<LeftRecord, RightRecord> {
    @usableFromInline typealias Function = CoGroupFunction<Key, LeftRecord, RightRecord, Output>
    @usableFromInline typealias Left = KeyedBatch<Key, LeftRecord>
    @usableFromInline typealias Right = KeyedBatch<Key, RightRecord>

    @usableFromInline var windows: GeneralWindowOperator<Key, Windows, Function, EventTimeTrigger<Windows.Element>>
    @usableFromInline var lateLeft: LatenessPolicy<LeftRecord>
    @usableFromInline var lateRight: LatenessPolicy<RightRecord>

    @inlinable
    init(
        _ windowing: Windows, _ function: Function, allowedLateness: Int64, lateLeft: LateRecords<LeftRecord>,
        lateRight: LateRecords<RightRecord>, _ context: OperatorContext
    ) throws {
        windows = try GeneralWindowOperator(
            windowing, function, EventTimeTrigger(), WindowSettings(allowedLateness: allowedLateness), context)
        self.lateLeft = try LatenessPolicy(allowed: allowedLateness, late: lateLeft, context: context)
        self.lateRight = try LatenessPolicy(allowed: allowedLateness, late: lateRight, context: context)
    }

    @inlinable
    mutating func processLeft(_ input: KeyedBatch<Key, LeftRecord>, _ output: Collector<Output>) throws {
        let records = input.records
        for i in 0..<input.count {
            let (element, timestamp) = (records.elements[i], records.timestamps[i])
            if try !windows.takes(.left(element), at: timestamp, input.keys[i], input.hashes[i], output) {
                try lateLeft.dispose(element, at: timestamp)
            }
        }
        try lateLeft.flush()
    }

    @inlinable
    mutating func processRight(_ input: KeyedBatch<Key, RightRecord>, _ output: Collector<Output>) throws {
        let records = input.records
        for i in 0..<input.count {
            let (element, timestamp) = (records.elements[i], records.timestamps[i])
            if try !windows.takes(.right(element), at: timestamp, input.keys[i], input.hashes[i], output) {
                try lateRight.dispose(element, at: timestamp)
            }
        }
        try lateRight.flush()
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        try windows.advance(to: watermark, output)
    }

    @inlinable
    mutating func advance(toProcessingTime time: Timestamp, _ output: Collector<Output>) throws {
        try windows.advance(toProcessingTime: time, output)
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws { try windows.restored(at: watermark) }
}
