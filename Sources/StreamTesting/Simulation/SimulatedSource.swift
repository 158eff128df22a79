public import Weir

/// A source whose splits hold lists of records, and which reads as the simulation's plan says: little by little, with
/// pauses, stalled, failing, and where results are promised at least once giving records again.
public struct SimulatedSource<Element: Sendable>: Source {
    let world: SimulatedWorld
    let events: [[Element]]
    /// Whether splits say now and then that they have caught up.
    let goesIdle: Bool

    /// The splits' numbers.
    public func splits(parallelism: Int) -> [Int] { Array(events.indices) }

    /// A reader of a split.
    public func makeReader(for split: Int) throws -> Reader { try open(split, at: 0) }

    /// A reader of the rest of a split.
    public func makeReader(for split: Int, from position: SplitPosition) throws -> Reader {
        try open(split, at: Int(try position.offset))
    }

    private func open(_ split: Int, at position: Int) throws -> Reader {
        var first = position
        switch try world.begin(.open, "split \(split) at \(position)") {
        case .asItShould: break
        case .last: throw SimulatedWorld.Down()
        case .wrong(.repeats): first = max(position - 1 - world.draw(below: 10), 0)
        case .wrong: throw SimulatedWorld.Injected(effect: .open)
        }
        return Reader(world, events[split], split, next: first, goesIdle: goesIdle)
    }

    /// Reads a split.
    public struct Reader: SplitReader {
        private let world: SimulatedWorld
        private let events: [Element]
        private let split: Int
        private let stall: SimulationPlan.Stall?
        private let goesIdle: Bool
        private var next: Int
        /// The reads that give nothing.
        private var pauses = 0

        init(_ world: SimulatedWorld, _ events: [Element], _ split: Int, next: Int, goesIdle: Bool) {
            self.goesIdle = goesIdle
            self.world = world
            self.events = events
            self.split = split
            self.next = next
            stall = world.stall(of: split)
            if let stall, !stall.isSlow { pauses = stall.reads }
        }

        /// The number of records read.
        public var position: Int64 { Int64(next) }

        /// The number of records read.
        public var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

        /// Reads some records, or nothing.
        public mutating func read(into output: SourceOutput<Element>) throws -> ReadStatus {
            if world.isDown { throw SimulatedWorld.Down() }
            if pauses > 0 {
                pauses -= 1
                return .waiting
            }
            if next >= events.count { return .end }
            if world.draw(below: 8) == 0 {
                pauses = world.draw(below: 6)
                return goesIdle && world.draw(below: 2) == 0 ? .caughtUp : .waiting
            }
            let isSlow = stall?.isSlow ?? false
            let count = isSlow ? 1 : min(1 + world.draw(below: output.room), events.count - next)
            switch try world.begin(.read, "split \(split), \(count) from \(next)") {
            case .asItShould: break
            case .last: throw SimulatedWorld.Down()
            case .wrong(.stale):
                pauses = 20
                return .waiting
            case .wrong(.repeats):
                next = max(next - 1 - world.draw(below: 5), 0)
                return .more
            case .wrong: throw SimulatedWorld.Injected(effect: .read)
            }
            for _ in 0..<count {
                output.emit(events[next])
                next += 1
            }
            if isSlow { pauses = stall?.reads ?? 0 }
            return .more
        }
    }
}
