public import StreamCore

/// Records from memory, in one or more splits.
public struct CollectionSource<Element: Sendable>: Source {
    let parts: [[Element]]

    /// The elements of a sequence, as one split.
    public init(_ elements: some Sequence<Element>) { parts = [Array(elements)] }

    /// The elements of each array, a split each.
    public init(splits: [[Element]]) { parts = splits }

    /// The arrays.
    public func splits(parallelism: Int) -> [[Element]] { parts }

    /// A reader of an array.
    public func makeReader(for split: [Element]) -> CollectionReader<Element> { CollectionReader(split) }

    /// A reader of a split from an element on.
    public func makeReader(for split: [Element], from position: SplitPosition) throws -> CollectionReader<Element> {
        var reader = CollectionReader(split)
        reader.next = min(max(Int(try position.offset), 0), split.count)
        return reader
    }
}

/// Reads an array.
public struct CollectionReader<Element: Sendable>: SplitReader {
    private let elements: [Element]
    fileprivate var next = 0

    init(_ elements: [Element]) { self.elements = elements }

    /// The index of the next element.
    public var position: Int64 { Int64(next) }

    /// The number of the next element.
    public var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

    /// Reads until the output is full or the array has ended.
    public mutating func read(into output: SourceOutput<Element>) -> ReadStatus {
        while next < elements.count && !output.isFull {
            output.emit(elements[next])
            next += 1
        }
        return next == elements.count ? .end : .more
    }
}
