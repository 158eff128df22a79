import AdAnalyticsJob
import Testing

/// A mapping of columns is read, or refused with what to write instead.
struct AdEventFieldsTests {
    @Test(
        "Mappings",
        arguments: [
            ("", [:]), ("user=customer_id", ["user": "customer_id"]),
            ("user=a,event_time=b", ["user": "a", "event_time": "b"]), ("user=a=b", ["user": "a=b"]),
            ("user=a,user=b", ["user": "b"]), (",user=a,", ["user": "a"]), ("user= a ", ["user": " a "]),
        ] as [(String, [String: String])])
    func valid(mapping: String, expected: [String: String]) throws {
        let fields = try AdEventFields(mapping: mapping)
        #expect(fields.columns.map(\.field) == AdEventFields.names)
        for (field, column) in fields.columns { #expect(column == expected[field] ?? field) }
        #expect((fields == AdEventFields()) == expected.isEmpty)
    }

    @Test(
        "Mappings that make no sense",
        arguments: ["user", "user=", "=user", "=", "name=x", "User=x", "user=a,b", "user:a"])
    func invalid(mapping: String) {
        let error = #expect(throws: AdAnalyticsError.self) { try AdEventFields(mapping: mapping) }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("field=column") == true)
        #expect(error?.message.contains("event_time") == true)
        #expect(error.map { "\($0)" } == error?.message)
    }
}
