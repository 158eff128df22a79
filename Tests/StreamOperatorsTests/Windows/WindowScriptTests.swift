import StreamTesting
import Testing
import Weir

/// Every shape and trigger as in its table, however the input is cut and wherever the job is stopped and restored.
@Suite struct WindowScriptTests {
    @Test(arguments: ShapeCases.count + ShapeCases.cumulating + ShapeCases.recordGap + ShapeCases.bounded)
    func shapes(_ table: WindowScript) async throws { try await table.check() }

    @Test(arguments: ShapeCases.calendar) func calendars(_ table: WindowScript) async throws { try await table.check() }

    @Test(arguments: TriggerCases.eventTime + TriggerCases.early + TriggerCases.count + TriggerCases.accumulation)
    func triggers(_ table: WindowScript) async throws { try await table.check() }

    @Test(arguments: TriggerCases.evictors + TriggerCases.custom)
    func evictorsAndCustomParts(_ table: WindowScript) async throws { try await table.check() }
}
