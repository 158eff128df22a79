import Testing

/// The repository keeps its own rules.
///
/// What they allow is in `Project.swift`.
@Suite struct TidyTests {
    static let repository = Repository()

    static let sourceRules: [any SourceRule] =
        [LengthRule(), ImportRule(), OpenEndRule(), Project.unchecked] + Project.bannedCalls

    @Test func swiftFilesKeepTheRules() throws {
        let files = try Self.repository.swiftFiles()
        #expect(files.contains { $0.path == "Tests/TidyTests/TidyTests.swift" }, "the walk does not find this file")
        for file in files {
            for rule in Self.sourceRules {
                for violation in rule.violations(in: file) { Issue.record(violation) }
            }
        }
    }

    @Test func linksOfDocumentsResolve() throws {
        let rule = LinkRule(exists: Self.repository.exists)
        for document in Self.repository.documents() {
            let text = try Self.repository.text(document)
            for violation in rule.violations(path: document, text: text) { Issue.record(violation) }
        }
    }

    /// An allowance outlives its need unless somebody looks.
    @Test func everyAllowanceIsNeeded() throws {
        var unneeded: [String] = []
        func look(at path: String, without allowance: any SourceRule, named name: String) throws {
            guard !path.hasSuffix("/"), Self.repository.exists(path) else { return }
            let file = SourceFile(path: path, text: try Self.repository.text(path))
            if allowance.violations(in: file).isEmpty { unneeded.append("\(name): \(path)") }
        }
        for rule in Project.bannedCalls {
            var strict = rule
            strict.allowed = [:]
            for path in rule.allowed.keys { try look(at: path, without: strict, named: rule.name) }
        }
        for path in Project.unchecked.allowed.keys {
            try look(at: path, without: UncheckedRule(allowed: [:]), named: "unchecked")
        }
        #expect(unneeded.sorted() == [])
    }
}
