public import StreamCore

/// Records made from their index, 0 ..< count; with several workers each makes every n-th.
public struct GeneratorSource<Element: Sendable>: Source {
    /// The first index, the step to the next one, and the end.
    public struct Split: Sendable {
        let first: Int
        let step: Int
        let end: Int
    }

    let count: Int
    let make: @Sendable (Int) -> Element

    /// `count` records, the one of index `i` made by `make(i)`, which must depend on `i` alone.
    public init(count: Int, _ make: @escaping @Sendable (Int) -> Element) {
        self.count = count
        self.make = make
    }

    /// A split per worker.
    public func splits(parallelism: Int) -> [Split] {
        (0..<parallelism).map { Split(first: $0, step: parallelism, end: count) }
    }

    /// A reader of a split.
    public func makeReader(for split: Split) -> GeneratorReader<Element> { GeneratorReader(split, make) }

    /// A reader of a split from an element on.
    public func makeReader(for split: Split, from position: SplitPosition) throws -> GeneratorReader<Element> {
        var reader = GeneratorReader(split, make)
        reader.next = Int(try position.offset)
        return reader
    }
}

/// Makes the records of a split.
public struct GeneratorReader<Element: Sendable>: SplitReader {
    private let split: GeneratorSource<Element>.Split
    private let make: @Sendable (Int) -> Element
    fileprivate var next: Int

    init(_ split: GeneratorSource<Element>.Split, _ make: @escaping @Sendable (Int) -> Element) {
        self.split = split
        self.make = make
        next = split.first
    }

    /// The number of the next element.
    public var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

    /// Makes records until the output is full or the split has ended.
    public mutating func read(into output: SourceOutput<Element>) -> ReadStatus {
        while next < split.end && !output.isFull {
            output.emit(make(next))
            next += split.step
        }
        return next >= split.end ? .end : .more
    }
}
