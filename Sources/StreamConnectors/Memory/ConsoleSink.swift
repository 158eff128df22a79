public import StreamCore

/// Prints each record on a line of standard output.
public struct ConsoleSink<Element: Sendable>: Sink {
    let text: @Sendable (Element) -> String

    /// Prints what `text` makes of a record; by default its description.
    public init(_ text: @escaping @Sendable (Element) -> String = { "\($0)" }) { self.text = text }

    /// A worker's writer.
    public func makeWriter(_ context: SinkContext) -> ConsoleWriter<Element> { ConsoleWriter(text: text) }
}

/// Prints a worker's records, whole lines at a time.
public struct ConsoleWriter<Element: Sendable>: SinkWriter {
    let text: @Sendable (Element) -> String
    private var lines = ""

    init(text: @escaping @Sendable (Element) -> String) { self.text = text }

    /// Prints a batch.
    public mutating func write(_ batch: Batch<Element>) {
        for i in 0..<batch.count {
            lines += text(batch.elements[i])
            lines += "\n"
        }
        if lines.utf8.count > 1 << 14 { flush() }
    }

    /// Prints what was held back.
    public mutating func flush() {
        guard !lines.isEmpty else { return }
        print(lines, terminator: "")
        lines = ""
    }

    /// Prints the rest.
    public mutating func close() { flush() }
}
