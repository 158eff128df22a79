import StreamTesting
import Testing
import Weir

/// A dead letter of a step far from the source still tells the file, and where its batch began in it.
@Suite struct DeadLetterOriginTests {
    private struct Refused: Error {}

    private struct Picky: KeyedProcessor {
        typealias Key = Int64
        typealias Input = Item
        typealias Output = Int64
        mutating func process(_ item: Item, _ context: borrowing ProcessContext<Picky>) throws {
            if item.id % 5 == 2 { throw Refused() }
            try context.emit(item.id)
        }
    }

    @Test(arguments: [1, 2]) func tellTheFile(parallelism: Int) async throws {
        try await withDirectory { directory in
            let paths = (0..<3).map { "\(directory)/\($0).jsonl" }
            for (number, path) in paths.enumerated() {
                // Lines of 25 bytes.
                let lines = (0..<40).map { "{\"id\": \(1_000 * (number + 1) + $0), \"text\":\"a\"}\n" }
                try write(lines.joined(), to: path)
            }
            let sink = CollectSink<DeadLetter>()
            let pipeline = try Pipeline("origins") { p in
                let items = p.source("items", FileSource(paths, format: Item.json)).map { $0 }.filter { $0.id > 0 }
                let out = items.keyBy { $0.id % 7 }.process("picky", onError: .deadLetter) { _ in Picky() }
                out.map("last", onError: .deadLetter) { id -> Int64 in
                    if id % 5 == 3 { throw Refused() }
                    return id
                }
                .deadLetters.write("map letters", to: sink)
                out.deadLetters.write("process letters", to: sink)
            }
            try await pipeline.run(JobMatrix.Variant(parallelism: parallelism, batchSize: 16, seed: 2).options)
            #expect(sink.elements.count == 2 * 3 * 8)
            for letter in sink.elements {
                var decoder = StateDecoder(letter.bytes)
                // The processor's input is no codable type, its output is.
                let text = String(decoding: letter.bytes, as: UTF8.self)
                let id =
                    letter.step == "last"
                    ? try StateCodec<Int64>.automatic.decode(&decoder)
                    : Int64(text.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? -1
                #expect(letter.source == paths[Int(id / 1_000) - 1], "\(letter)")
                #expect(letter.offset == id % 1_000 / 16 * 16 * 25, "\(letter), id \(id)")
            }
        }
    }
}
