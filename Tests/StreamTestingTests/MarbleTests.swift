import StreamTesting
import Testing
import Weir

@Suite struct MarbleTests {
    @Test func aScriptHasRecordsWatermarksAndPauses() throws {
        let steps = try Marble.script("a@5 b=7@-3 w9 | idle w-1") { "\($0.label)\($0.value)#\($0.index)" }
        #expect(
            steps == [
                .record("a#0", at: 5), .record("b7#1", at: -3), .watermark(9), .batchEnd, .caughtUp, .watermark(-1),
            ])
    }

    @Test(arguments: ["a", "a@", "@5", "a@b", "w", "a@1@2"]) func otherWordsAreRejected(word: String) {
        let error = #expect(throws: MarbleError.self) { try Marble.script("a@1 \(word)") { $0.label } }
        #expect(error?.word == word)
    }

    @Test func outputIsWrittenAsWords() {
        let events: [OutputEvent<String>] = [
            .record("b", at: 1), .record("a", at: 2), .signal(.watermark(9)), .signal(.idle), .record("c", at: 10),
            .signal(.watermark(.max)), .signal(.end),
        ]
        #expect(Marble.text(of: events) { $0 } == "b a w9 c end")
        #expect(Marble.text(of: events, isSorted: true) { $0 } == "a b w9 c end")
    }
}
