import StreamTesting
import Testing
import Weir

// The code of Docs/guides/errors.md.

// snippet: check
enum PriceError: Error {
    case negative(Int64)
}

@Sendable
func checked(_ action: Action) throws(PriceError) -> Action {
    if action.price < 0 { throw .negative(action.price) }
    return action
}
// end snippet

@Suite struct ErrorsGuide {
    @Test func theJobOfTheGuide() async throws {
        let actions = [Action(user: "ann", price: 5), Action(user: "bob", price: -7), Action(user: "eve", price: 9)]
        let good = CollectSink<Action>()
        let letters = CollectSink<DeadLetter>()
        let pipeline = try Pipeline("checked") { p in
            let actions = p.source("actions", CollectionSource(actions), watermarks: .monotonous())

            // snippet: policy
            let valid = actions.map("check", onError: .deadLetter, checked)
            valid.write("valid", to: good)
            valid.deadLetters.write("invalid", to: letters)
            // end snippet
        }
        let status = try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options)
        #expect(good.elements.map(\.user) == ["ann", "eve"])
        #expect(status["check"]?.rejected == 1)

        // snippet: letter
        let letter = try #require(letters.elements.first)
        #expect(letter.step == "check")
        #expect(letter.reason == "negative(-7)")
        #expect(letter.source == "0" && letter.offset == 0)
        // end snippet

        // snippet: decode
        var decoder = StateDecoder(letter.bytes)
        let action = try StateCodec<Action>.automatic.decode(&decoder)
        // end snippet
        #expect(action.user == "bob")
    }
}
