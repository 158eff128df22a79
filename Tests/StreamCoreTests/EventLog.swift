import StateBackend
import StreamCore
import Synchronization
import Testing

/// What passed a place of a dataflow, per worker, in order: records and signals.
final class EventLog<Element: Sendable>: Sendable {
    enum Event: Sendable {
        case record(Element, Timestamp)
        case signal(Signal)
    }

    private let events: Mutex<[Int: [Event]]> = Mutex([:])

    func add(_ event: Event, worker: Int) { events.withLock { $0[worker, default: []].append(event) } }

    /// The events of each worker.
    var workers: [[Event]] { events.withLock { log in log.keys.sorted().map { log[$0] ?? [] } } }

    /// The records of each worker.
    var recordsByWorker: [[Element]] {
        workers.map { $0.compactMap { if case .record(let element, _) = $0 { element } else { nil } } }
    }

    var records: [Element] { recordsByWorker.flatMap { $0 } }

    /// The signals of each worker.
    var signals: [[Signal]] {
        workers.map { $0.compactMap { if case .signal(let signal) = $0 { signal } else { nil } } }
    }

    /// The watermarks of each worker.
    var watermarks: [[Timestamp]] {
        signals.map { $0.compactMap { if case .watermark(let watermark) = $0 { watermark } else { nil } } }
    }

    /// Checks what holds for every stream of records that are within their splits' bounds: watermarks rise, none
    /// overtakes a record, the last one is +∞, and the end comes once per worker, after everything.
    func checkSignals(workers count: Int, allowLate: Bool = false, _ context: String = "") {
        #expect(workers.count == count, "workers with events, \(context)")
        for (worker, events) in workers.enumerated() {
            let context = "worker \(worker), \(context)"
            var watermark = Timestamp.min
            var isIdle = false
            var ends = 0
            for event in events {
                if ends > 0 { Issue.record("something after the end, \(context)") }
                switch event {
                case .record(_, let timestamp):
                    if timestamp <= watermark && !allowLate {
                        Issue.record("watermark \(watermark) overtook a record of \(timestamp), \(context)")
                    }
                case .signal(.watermark(let next)):
                    if next <= watermark { Issue.record("watermark \(next) after \(watermark), \(context)") }
                    watermark = next
                case .signal(.idle):
                    if isIdle { Issue.record("idle twice, \(context)") }
                    isIdle = true
                case .signal(.active):
                    if !isIdle { Issue.record("active, but not idle before, \(context)") }
                    isIdle = false
                case .signal(.barrier): break
                case .signal(.end): ends += 1
                }
            }
            #expect(ends == 1, "ends, \(context)")
            #expect(watermark == .max, "last watermark, \(context)")
        }
    }
}

extension DataStream {
    /// Logs everything that passes here, and passes it on.
    func log(_ name: String, to log: EventLog<Element>) -> DataStream<Element> {
        attach(name) { context, outlet in
            Inlet<Batch<Element>>(
                consumes: false,
                onBatch: { batch in
                    for i in 0..<batch.count {
                        log.add(.record(batch.elements[i], batch.timestamps[i]), worker: context.worker)
                    }
                    try outlet.push(batch.copy())
                },
                onSignal: { signal in
                    log.add(.signal(signal), worker: context.worker)
                    try outlet.signal(signal)
                })
        }
    }
}

extension KeyedStream {
    /// Logs everything that passes here, and goes on without keys.
    func log(_ name: String, to log: EventLog<Element>) -> DataStream<Element> {
        attach(name) { context, outlet in
            Inlet<KeyedBatch<Key, Element>>(
                consumes: false,
                onBatch: { batch in
                    for i in 0..<batch.count {
                        let records = batch.records
                        // The columns belong to the records.
                        if batch.hashes[i] != batch.keys[i].stableHash { throw Fault("a hash of another key") }
                        log.add(.record(records.elements[i], records.timestamps[i]), worker: context.worker)
                    }
                    try outlet.push(batch.records.copy())
                },
                onSignal: { signal in
                    log.add(.signal(signal), worker: context.worker)
                    try outlet.signal(signal)
                })
        }
    }
}
