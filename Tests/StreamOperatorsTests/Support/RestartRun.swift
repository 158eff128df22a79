import StreamTesting
import Weir

/// Plays a script on one split, with the job started again after each step, and returns what came out, in order.
///
/// - Parameter restarts: the parallelisms to start again with, in turn; none to run through.
func playScript<Element: Sendable, Output: Sendable>(
    _ steps: [ScriptStep<Element>], restarts: [Int], batchSize: Int = 1_024,
    _ describe: (DataStream<Element>) -> DataStream<Output>
) throws -> [OutputEvent<Output>] {
    let input = TestInput<Element>("input")
    let log = OutputLog<Output>()
    let test = try TestPipeline(batchSize: batchSize) { p in describe(p.input(input)).logged("restart log", in: log) }
    for (index, step) in steps.enumerated() {
        input.play([step])
        try test.settle()
        if !restarts.isEmpty { try test.restart(parallelism: restarts[index % restarts.count]) }
    }
    input.end()
    try test.settle()
    return log.events
}
