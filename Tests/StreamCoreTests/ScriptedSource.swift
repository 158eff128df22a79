import StreamCore
import Synchronization

/// A switch that one part of a test opens for another.
final class Gate: Sendable {
    private let state = Atomic<Bool>(false)
    var isOpen: Bool { state.load(ordering: .acquiring) }
    func open() { state.store(true, ordering: .releasing) }
}

/// A counter that several threads may use.
final class Tally: Sendable {
    private let state = Atomic<Int>(0)
    var value: Int { state.load(ordering: .acquiring) }
    @discardableResult func add(_ count: Int = 1) -> Int { state.add(count, ordering: .acquiringAndReleasing).newValue }
}

/// What the tests let fail.
struct Fault: Error, Equatable, CustomStringConvertible {
    var description: String
    init(_ description: String = "fault of the test") { self.description = description }
}

/// A source whose splits do what a script says, for what real sources do only now and then.
struct ScriptedSource<Element: Sendable>: Source {
    enum Action: Sendable {
        /// Gives the records, over as many reads as it takes.
        case emit([Element])
        /// Gives all the records in one read, as a reader does whose input record became several.
        case burst([Element])
        case reject(DeadLetter)
        /// Says once that there may be more, or that there is nothing for now.
        case nothing, caughtUp
        /// Has caught up until the gate opens.
        case wait(Gate)
        /// Has nothing, which it reports as `status`, until the gate opens; gives up after so many reads and then runs
        /// `otherwise`.
        case waitAtMost(reads: Int, Gate, status: ReadStatus, otherwise: @Sendable () -> Void)
        case run(@Sendable () throws -> Void)
    }

    var scripts: [[Action]]
    var reads = Tally()
    var makeReaderFault: Fault?
    var splitsFault: Fault?

    init(_ scripts: [Action]...) { self.scripts = scripts }
    init(scripts: [[Action]]) { self.scripts = scripts }

    func splits(parallelism: Int) throws -> [[Action]] {
        if let splitsFault { throw splitsFault }
        return scripts
    }

    func makeReader(for split: [Action]) throws -> Reader {
        if let makeReaderFault { throw makeReaderFault }
        return Reader(actions: split, reads: reads)
    }

    struct Reader: SplitReader {
        var actions: [Action]
        let reads: Tally
        private var next = 0
        private var done = 0

        init(actions: [Action], reads: Tally) {
            self.actions = actions
            self.reads = reads
        }

        mutating func read(into output: SourceOutput<Element>) throws -> ReadStatus {
            reads.add()
            let room = output.room
            while next < actions.count && !output.isFull {
                switch actions[next] {
                case .emit(let elements):
                    while done < elements.count && !output.isFull {
                        output.emit(elements[done])
                        done += 1
                    }
                    if done < elements.count { return .more }
                case .burst(let elements): for element in elements { output.emit(element) }
                case .reject(let letter): output.reject(letter)
                case .nothing:
                    next += 1
                    return .more
                case .caughtUp:
                    next += 1
                    return .caughtUp
                case .wait(let gate):
                    // What was read before is passed on before the gate is looked at.
                    if output.room < room { return .more }
                    if !gate.isOpen { return .caughtUp }
                case .waitAtMost(let limit, let gate, let status, let otherwise):
                    if !gate.isOpen {
                        done += 1
                        if done < limit { return status }
                        otherwise()
                    }
                case .run(let body): try body()
                }
                next += 1
                done = 0
            }
            return next == actions.count ? .end : .more
        }
    }
}
