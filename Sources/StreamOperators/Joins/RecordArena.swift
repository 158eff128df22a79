public import StreamCore

/// Records with their timestamps in linked lists, one per key and side of a join, in memory that is used again.
@frozen
@usableFromInline
struct RecordArena<Element> {
    @frozen
    @usableFromInline
    struct Node {
        /// nil while the node is free.
        @usableFromInline var element: Element?
        @usableFromInline var timestamp: Timestamp
        /// The next node of the list, or of the free ones; -1 at the end.
        @usableFromInline var next: Int32
        /// Whether the record has been part of a pair; kept only where somebody asks.
        @usableFromInline var isMatched: Bool

        @inlinable
        init(element: Element, timestamp: Timestamp, isMatched: Bool, next: Int32) {
            self.element = element
            self.timestamp = timestamp
            self.isMatched = isMatched
            self.next = next
        }
    }

    @usableFromInline var nodes: [Node] = []
    @usableFromInline var free: Int32 = -1
    @usableFromInline var count = 0

    @inlinable
    init() {}

    /// Adds a record at the head of a list.
    @inlinable
    mutating func add(_ element: Element, at timestamp: Timestamp, isMatched: Bool = false, to head: inout Int32) {
        count &+= 1
        let node = Node(element: element, timestamp: timestamp, isMatched: isMatched, next: head)
        if free >= 0 {
            let index = free
            free = nodes[Int(index)].next
            nodes[Int(index)] = node
            head = index
        } else {
            precondition(nodes.count < Int(Int32.max), "a join side holds 2^31 records; narrow its bounds")
            head = Int32(truncatingIfNeeded: nodes.count)
            nodes.append(node)
        }
    }

    /// Calls `body` with each record of a list, the newest first.
    @inlinable
    func forEach(in head: Int32, _ body: (Element, Timestamp) throws -> Void) rethrows {
        var index = head
        while index >= 0 {
            let node = nodes[Int(index)]
            if let element = node.element { try body(element, node.timestamp) }
            index = node.next
        }
    }

    /// Calls `body` with each record of a list that is neither before `from` nor after `to`, the newest first, and marks
    /// those as matched if `marking`; whether there was any.
    @inlinable
    mutating func match(
        in head: Int32, from: Timestamp, to: Timestamp, marking: Bool, _ body: (Element, Timestamp) throws -> Void
    ) rethrows -> Bool {
        var found = false
        var index = head
        while index >= 0 {
            let node = nodes[Int(index)]
            if let element = node.element, node.timestamp >= from, node.timestamp <= to {
                try body(element, node.timestamp)
                found = true
                if marking && !node.isMatched { nodes[Int(index)].isMatched = true }
            }
            index = node.next
        }
        return found
    }

    /// Removes the records of a list whose time plus `span` is at or before `limit`; the lowest such sum of the rest,
    /// or `Timestamp.max`.
    @inlinable
    mutating func removeExpired(
        from head: inout Int32, span: Int64, through limit: Timestamp, _ removed: (consuming Node) -> Void = { _ in }
    ) -> Timestamp {
        var lowest = Timestamp.max
        var previous: Int32 = -1
        var index = head
        while index >= 0 {
            let next = nodes[Int(index)].next
            let expiry = nodes[Int(index)].timestamp.advanced(byMilliseconds: span)
            if expiry <= limit {
                if previous >= 0 { nodes[Int(previous)].next = next } else { head = next }
                removed(nodes[Int(index)])
                nodes[Int(index)].element = nil
                nodes[Int(index)].next = free
                free = index
                count &-= 1
            } else {
                lowest = Swift.min(lowest, expiry)
                previous = index
            }
            index = next
        }
        return lowest
    }

    /// A list's nodes, the oldest first.
    func list(_ head: Int32) -> [Node] {
        var list: [Node] = []
        var index = head
        while index >= 0 {
            list.append(nodes[Int(index)])
            index = nodes[Int(index)].next
        }
        return list.reversed()
    }

    /// Removes everything and gives the memory back.
    @inlinable
    mutating func removeAll() { self = RecordArena() }
}
