internal import Synchronization

/// A bounded queue from one producer to one consumer.
///
/// Head and tail are counters that only grow, each on cache lines of its own; each side keeps a copy of the other's,
/// so that the shared lines are read only when the ring looks full or empty.
/// Invariants (the reason for `@unchecked Sendable`): (1) only the producer's worker calls `push`, only the consumer's
/// calls `pop`; (2) slots `head ..< tail` are initialised and belong to the consumer, the others to the producer;
/// (3) `tail` is stored after the slot is written and `head` after it is emptied, both sequentially consistent.
final class Ring<Element: Sendable>: @unchecked Sendable {
    private let mask: Int
    private let slots: UnsafeMutablePointer<Element>
    private let lines: UnsafeMutableRawPointer
    private let head: UnsafeMutablePointer<Atomic<Int>>
    private let tail: UnsafeMutablePointer<Atomic<Int>>
    private let producerWaits: UnsafeMutablePointer<Atomic<Bool>>
    // The producer's own side …
    private let headSeen: UnsafeMutablePointer<Int>
    // … and the consumer's.
    private let tailSeen: UnsafeMutablePointer<Int>

    private static var line: Int { 128 }

    /// A ring for at least `capacity` elements (rounded up to a power of two).
    init(capacity: Int) {
        var size = 2
        while size < capacity { size *= 2 }
        mask = size - 1
        slots = .allocate(capacity: size)
        lines = .allocate(byteCount: Self.line * 5, alignment: Self.line)
        head = lines.bindMemory(to: Atomic<Int>.self, capacity: 1)
        tail = (lines + Self.line).bindMemory(to: Atomic<Int>.self, capacity: 1)
        producerWaits = (lines + 2 * Self.line).bindMemory(to: Atomic<Bool>.self, capacity: 1)
        headSeen = (lines + 3 * Self.line).bindMemory(to: Int.self, capacity: 1)
        tailSeen = (lines + 4 * Self.line).bindMemory(to: Int.self, capacity: 1)
        head.initialize(to: Atomic(0))
        tail.initialize(to: Atomic(0))
        producerWaits.initialize(to: Atomic(false))
        headSeen.initialize(to: 0)
        tailSeen.initialize(to: 0)
    }

    deinit {
        let first = head.pointee.load(ordering: .sequentiallyConsistent)
        let last = tail.pointee.load(ordering: .sequentiallyConsistent)
        for index in first..<last { (slots + (index & mask)).deinitialize(count: 1) }
        slots.deallocate()
        lines.deallocate()
    }

    /// Adds an element; false, with nothing done, when the ring is full.
    ///
    /// The consumer's next `pop` then reports that
    /// the producer waits.
    func push(_ element: Element) -> Bool {
        let position = tail.pointee.load(ordering: .relaxed)
        if position - headSeen.pointee > mask {
            headSeen.pointee = head.pointee.load(ordering: .sequentiallyConsistent)
            if position - headSeen.pointee > mask {
                producerWaits.pointee.store(true, ordering: .sequentiallyConsistent)
                // The consumer may have made room just before it could see that we wait.
                headSeen.pointee = head.pointee.load(ordering: .sequentiallyConsistent)
                if position - headSeen.pointee > mask { return false }
            }
        }
        (slots + (position & mask)).initialize(to: element)
        tail.pointee.store(position + 1, ordering: .sequentiallyConsistent)
        return true
    }

    /// Removes the oldest element, or returns nil when the ring is empty.
    func pop() -> (element: Element, producerWaits: Bool)? {
        let position = head.pointee.load(ordering: .relaxed)
        if position == tailSeen.pointee {
            tailSeen.pointee = tail.pointee.load(ordering: .sequentiallyConsistent)
            if position == tailSeen.pointee { return nil }
        }
        let element = (slots + (position & mask)).move()
        head.pointee.store(position + 1, ordering: .sequentiallyConsistent)
        let waits = producerWaits.pointee.load(ordering: .sequentiallyConsistent)
        if waits { producerWaits.pointee.store(false, ordering: .sequentiallyConsistent) }
        return (element, waits)
    }
}
