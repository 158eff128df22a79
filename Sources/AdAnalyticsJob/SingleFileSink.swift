internal import Weir

/// A file that the first worker writes, which a stream's `global` sends everything to; the other workers make none.
struct SingleFileSink<Element: Sendable>: Sink {
    /// Writes on the first worker, and nothing elsewhere.
    struct Writer: SinkWriter {
        var file: FileSinkWriter<Element>?

        mutating func write(_ batch: Batch<Element>) throws { try file?.write(batch) }
        mutating func flush() throws { try file?.flush() }
        mutating func close() throws { try file?.close() }
    }

    let file: FileSink<Element>

    func makeWriter(_ context: SinkContext) throws -> Writer {
        Writer(file: context.worker == 0 ? try file.makeWriter(context) : nil)
    }
}
