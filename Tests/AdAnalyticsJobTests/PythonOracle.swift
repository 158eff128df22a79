import Foundation

/// The independent computation in `Tests/Oracles`, run by python3.
enum PythonOracle {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Writes the oracle's result for the files to `result`.
    static func compute(_ paths: [String], format: String, removingDuplicates: Bool, result: URL) async throws {
        let duplicates = removingDuplicates ? ["--dedup"] : []
        try await python("ad_oracle.py", paths + ["--format", format] + duplicates, output: result, isExpected: true)
    }

    /// What `check_job.py` finds wrong with the job's files in `directory`; nil for nothing.
    static func difference(of directory: URL, from result: URL) async throws -> String? {
        let report = directory.appendingPathExtension("check")
        defer { try? FileManager.default.removeItem(at: report) }
        let arguments = [directory.path, result.path]
        if try await python("check_job.py", arguments, output: report, isExpected: false) == 0 { return nil }
        let lines = try String(contentsOf: report, encoding: .utf8).split(separator: "\n")
        let wrong = lines.filter { !$0.hasPrefix("ok") }
        return wrong.isEmpty ? "check_job.py failed" : wrong.joined(separator: "\n")
    }

    @discardableResult
    private static func python(
        _ script: String, _ arguments: [String], output: URL, isExpected: Bool
    ) async throws -> Int32 {
        // Files instead of pipes: nothing has to be drained while it runs.
        let errors = output.appendingPathExtension("errors")
        try Data().write(to: output)
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let path = repository.appendingPathComponent("Tests/Oracles/\(script)").path
        process.arguments = ["python3", "-B", path] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        let text = try String(contentsOf: errors, encoding: .utf8)
        guard text.isEmpty && (!isExpected || process.terminationStatus == 0) else {
            throw Failure(description: "python3 \(script) ended with \(process.terminationStatus): \(text)")
        }
        return process.terminationStatus
    }
}
