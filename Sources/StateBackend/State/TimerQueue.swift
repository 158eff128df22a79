/// Entries ordered by time, for timers that are set far more often than they are looked at.
///
/// A calendar queue: entries go unsorted into a bucket per stretch of time; only the bucket that the clock has reached
/// is put in order: sorted when the clock reaches it, with a heap for what is added to it afterwards. So setting a timer
/// costs an append, and each entry is ordered once, among its neighbours.
/// Entries of equal time come out in the order in which they were added. Owners delete lazily: they compare a popped
/// entry with the state that it belongs to and skip it when it no longer applies.
@frozen
public struct TimerQueue<Payload> {
    /// A time and what is due then.
    @frozen
    public struct Entry {
        /// When it is due.
        public var time: Int64
        @usableFromInline var order: UInt64
        /// What is due.
        public var payload: Payload

        @inlinable
        init(time: Int64, order: UInt64, payload: Payload) {
            self.time = time
            self.order = order
            self.payload = payload
        }

        @inlinable @inline(__always)
        func isBefore(_ other: Entry) -> Bool {
            time < other.time || (time == other.time && order < other.order)
        }
    }

    /// Buckets are 2^shift milliseconds wide.
    @usableFromInline let shift: Int64
    /// Every entry of a bucket up to this one is in `sorted` or in `heap`; the others are in `buckets`.
    @usableFromInline var reached: Int64 = .min
    /// What is left of a bucket as it was when the clock reached it, the first entry last.
    @usableFromInline var sorted: [Entry] = []
    @usableFromInline var heap: [Entry] = []
    @usableFromInline var buckets: [Int64: [Entry]] = [:]
    /// The buckets' numbers, descending, so that the next one is last.
    @usableFromInline var upcoming: [Int64] = []
    @usableFromInline var order: UInt64 = 0

    /// The number of entries, those included that their owner no longer wants.
    @inlinable public var count: Int { size }
    @usableFromInline var size = 0

    /// An empty queue.
    ///
    /// - Parameter bucketWidth: milliseconds per bucket, rounded up to a power of two. The default is 1,024.
    public init(bucketWidth: Int64 = 1_024) {
        var shift: Int64 = 0
        while shift < 40 && (Int64(1) << shift) < bucketWidth { shift += 1 }
        self.shift = shift
    }

    /// The earliest time at which an entry can be due, or nil when the queue is empty.
    ///
    /// May be too early by less than
    /// a bucket's width, never too late.
    public var nextTime: Int64? {
        if let first { return first.time }
        guard let bucket = upcoming.last else { return nil }
        return bucket << shift
    }

    /// The first of the entries that are in order.
    @inlinable @inline(__always) var first: Entry? {
        guard let next = sorted.last else { return heap.first }
        if let late = heap.first, late.isBefore(next) { return late }
        return next
    }

    /// Adds an entry due at `time`.
    @inlinable
    public mutating func add(_ payload: Payload, at time: Int64) {
        let entry = Entry(time: time, order: order, payload: payload)
        order &+= 1
        size &+= 1
        let bucket = time >> shift
        if bucket <= reached {
            heap.append(entry)
            siftUp()
        } else {
            addToBucket(entry, bucket)
        }
    }

    @inlinable
    mutating func addToBucket(_ entry: Entry, _ bucket: Int64) {
        if buckets[bucket]?.append(entry) == nil {
            buckets[bucket] = [entry]
            var low = 0
            var high = upcoming.count
            while low < high {
                let middle = (low + high) / 2
                if upcoming[middle] > bucket { low = middle + 1 } else { high = middle }
            }
            upcoming.insert(bucket, at: low)
        }
    }

    /// Removes and returns the first entry due at or before `time`, or nil when there is none.
    @inlinable
    public mutating func popFirst(through time: Int64) -> Entry? {
        while let bucket = upcoming.last, bucket << shift <= time, bucket << shift <= first?.time ?? .max {
            openBucket(bucket)
        }
        guard let first, first.time <= time else { return nil }
        size &-= 1
        if sorted.last?.order == first.order {
            sorted.removeLast()
            return first
        }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return first
    }

    @inlinable
    mutating func openBucket(_ bucket: Int64) {
        upcoming.removeLast()
        reached = bucket
        let opened = buckets.removeValue(forKey: bucket) ?? []
        if sorted.isEmpty {
            sorted = opened.sorted { $1.isBefore($0) }
        } else {
            for entry in opened {
                heap.append(entry)
                siftUp()
            }
        }
    }

    @inlinable
    mutating func siftUp() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    @inlinable
    mutating func siftDown() {
        var parent = 0
        while true {
            var first = parent
            let left = 2 * parent + 1
            if left < heap.count && heap[left].isBefore(heap[first]) { first = left }
            if left + 1 < heap.count && heap[left + 1].isBefore(heap[first]) { first = left + 1 }
            guard first != parent else { return }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
