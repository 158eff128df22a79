import StreamTesting
import Synchronization
import Weir

/// A list in memory, which may do one thing wrong.
final class FaultySink: Sink {
    enum Fault: CaseIterable {
        case none, losesWhatIsHeld, flushesTwice, lastWorkerWins, reverses, takesFromTheBatch, writesAHeader

        var expected: [SinkCheck] {
            switch self {
            case .none: []
            case .losesWhatIsHeld: [.everythingIsThere, .emptyBatches, .severalWorkers, .many]
            case .flushesTwice: SinkCheck.allCases.filter { $0 != .nothingWritten && $0 != .batchesAreLeftAlone }
            case .lastWorkerWins: [.severalWorkers]
            case .reverses: [.everythingIsThere, .emptyBatches, .severalWorkers, .many]
            case .takesFromTheBatch: [.batchesAreLeftAlone]
            case .writesAHeader: SinkCheck.allCases.filter { $0 != .batchesAreLeftAlone }
            }
        }
    }

    let numbers = Mutex<[Int]>([])
    let fault: Fault

    init(_ fault: Fault) { self.fault = fault }

    func makeWriter(_ context: SinkContext) -> Writer {
        if fault == .writesAHeader { numbers.withLock { $0.append(-1) } }
        return Writer(sink: self)
    }

    struct Writer: SinkWriter {
        let sink: FaultySink
        var held: [Int] = []

        init(sink: FaultySink) { self.sink = sink }

        mutating func write(_ batch: Batch<Int>) {
            for i in 0..<batch.count { held.append(batch.elements[i]) }
            if sink.fault == .takesFromTheBatch { batch.removeAll() }
        }

        mutating func flush() {
            if sink.fault == .lastWorkerWins { return }
            let numbers = sink.fault == .reverses ? held.reversed() : held
            sink.numbers.withLock { $0 += sink.fault == .flushesTwice ? numbers + numbers : numbers }
            held = []
        }

        mutating func close() {
            if sink.fault == .losesWhatIsHeld { return }
            // As one that writes a file of the same name as another worker.
            if sink.fault == .lastWorkerWins { sink.numbers.withLock { $0 = held } }
            flush()
        }
    }
}
