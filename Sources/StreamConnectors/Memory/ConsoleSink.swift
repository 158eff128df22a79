public import StreamCore

/// Prints each record on a line of standard output.
public struct ConsoleSink<Element: Sendable>: Sink {
    let text: @Sendable (Element) -> String
    let output: @Sendable (String) -> Void

    /// Prints what `text` makes of a record; by default its description.
    public init(_ text: @escaping @Sendable (Element) -> String = { "\($0)" }) {
        self.init(text) { print($0, terminator: "") }
    }

    /// Gives `output` the lines that `text` makes of records, whole lines at a time: for a log, or a test.
    public init(_ text: @escaping @Sendable (Element) -> String, to output: @escaping @Sendable (String) -> Void) {
        self.text = text
        self.output = output
    }

    /// A worker's writer.
    public func makeWriter(_ context: SinkContext) -> ConsoleWriter<Element> {
        ConsoleWriter(text: text, output: output)
    }
}

/// Prints a worker's records, whole lines at a time.
public struct ConsoleWriter<Element: Sendable>: SinkWriter {
    let text: @Sendable (Element) -> String
    let output: @Sendable (String) -> Void
    private var lines = ""

    init(text: @escaping @Sendable (Element) -> String, output: @escaping @Sendable (String) -> Void) {
        self.text = text
        self.output = output
    }

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
        output(lines)
        lines = ""
    }

    /// Prints the rest.
    public mutating func close() { flush() }
}
