import Foundation
import StreamFormats
import Testing

/// Agreement with Foundation on random documents, and the writer read back by it.
@Suite struct JSONAgreementTests {
    /// A value read without knowing its type beforehand.
    private indirect enum Value: Equatable {
        case null, bool(Bool), number(Double), string(String), array([Value]), object([String: Value])

        static func == (one: Value, other: Value) -> Bool {
            switch (one, other) {
            case (.null, .null): return true
            case (.bool(let one), .bool(let other)): return one == other
            // Foundation is not exact to the last digit.
            case (.number(let one), .number(let other)): return abs(one - other) <= abs(one) * 1e-14
            case (.string(let one), .string(let other)): return Array(one.utf8) == Array(other.utf8)
            case (.array(let one), .array(let other)): return one == other
            case (.object(let one), .object(let other)): return one == other
            default: return false
            }
        }

        init(_ any: Any) {
            switch any {
            case let number as NSNumber:
                let isBool =
                    number === (true as NSNumber) || number === (false as NSNumber)
                    || String(cString: number.objCType) == "c" && (number == 0 || number == 1)
                self = isBool ? .bool(number.boolValue) : .number(number.doubleValue)
            case let string as String: self = .string(string)
            case let array as [Any]: self = .array(array.map { Value($0) })
            case let object as [String: Any]: self = .object(object.mapValues { Value($0) })
            default: self = .null
            }
        }
    }

    private func read(_ object: inout JSONObjectReader, _ first: UInt8) throws -> Value {
        switch first {
        case UInt8(ascii: "n"):
            try object.null()
            return .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try object.bool())
        case UInt8(ascii: "\""): return .string(try object.string())
        case UInt8(ascii: "{"):
            try object.enterObject()
            return .object(try fields(&object))
        case UInt8(ascii: "["):
            try object.enterArray()
            var values: [Value] = []
            while try object.nextElement() { values.append(try readAny(&object)) }
            return .array(values)
        default: return .number(try object.double())
        }
    }

    /// Finds the value's type by trying, as a reader of a known schema never has to.
    private func readAny(_ object: inout JSONObjectReader) throws -> Value {
        for first in "n\"{[t0".utf8 {
            var copy = object
            if let value = try? read(&copy, first) {
                object = copy
                return value
            }
        }
        try object.skipValue()
        throw CocoaError(.propertyListReadCorrupt)
    }

    private func fields(_ object: inout JSONObjectReader) throws -> [String: Value] {
        var fields: [String: Value] = [:]
        while let name = try object.nextField() { fields[try name.string] = try readAny(&object) }
        return fields
    }

    private func document(_ random: inout SeededGenerator, depth: Int) -> String {
        func space() -> String { ["", "", "", " ", "\n", "\t \r"].randomElement(using: &random) ?? "" }
        func string() -> String {
            let parts = [
                "a", "user_id", "é", "😀", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\\"", "\\/", "12345678", " ", "",
            ]
            return "\""
                + (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    parts.randomElement(using: &random) ?? ""
                }.joined() + "\""
        }
        switch Int.random(in: 0..<(depth > 3 ? 5 : 7), using: &random) {
        case 0: return "null"
        case 1: return Bool.random(using: &random) ? "true" : "false"
        case 2: return String(Int32.random(in: .min ... .max, using: &random))
        case 3: return String(Double.random(in: -1e6...1e6, using: &random))
        case 4: return string()
        case 5:
            let items = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                space() + document(&random, depth: depth + 1) + space()
            }
            return "[" + items.joined(separator: ",") + (items.isEmpty ? space() : "") + "]"
        default: return object(&random, depth: depth + 1)
        }
    }

    private func object(_ random: inout SeededGenerator, depth: Int) -> String {
        let fields = (0..<Int.random(in: 0...5, using: &random)).map { index in
            " \"k\(index)\\u0041é\" :" + document(&random, depth: depth) + "\n"
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func agreesWithFoundation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<100 {
            let text = object(&random, depth: 0)
            let theirs = Value(try JSONSerialization.jsonObject(with: Data(text.utf8)))
            let ours = try withBytes(text) { bytes in
                var object = try JSONObjectReader(bytes)
                let fields = try fields(&object)
                try object.finish()
                return Value.object(fields)
            }
            #expect(ours == theirs, "seed \(seed), round \(round): \(text)")
        }
    }

    /// What one of the two refuses the other must refuse too, for documents damaged in one byte.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func refusesWhatFoundationRefuses(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bytes = Array(object(&random, depth: 0).utf8)
            guard bytes.count > 4 else { continue }
            bytes[Int.random(in: 1..<bytes.count, using: &random)] =
                Array("{}[]\",:\\0-.eE 1tn".utf8).randomElement(using: &random) ?? 0
            let ours = withBytes(bytes) { buffer in
                Result {
                    var object = try JSONObjectReader(buffer)
                    _ = try fields(&object)
                    try object.finish()
                }
            }
            let theirs = Result { try JSONSerialization.jsonObject(with: Data(bytes)) }
            let text = String(decoding: bytes, as: UTF8.self)
            switch (ours, theirs) {
            // Foundation lets a comma follow the last field.
            case (.failure, .success) where text.contains(/,\s*}/): break
            case (.failure(let error), .success): Issue.record("seed \(seed): only we refuse \(text): \(error)")
            case (.success, .failure(let error)): Issue.record("seed \(seed): only we accept \(text): \(error)")
            default: break
            }
        }
    }

    /// Foundation may err in a double's last digits, so exactness is held against the bits written.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func doublesAreReadBackExactly(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<2_000 {
            let anyBits = Double(bitPattern: random.next())
            let number = round % 2 == 0 ? Double.random(in: -1e6...1e6, using: &random) : anyBits
            guard number.isFinite else { continue }
            let read = try withBytes("{\"a\":\(number)}") { bytes in
                var object = try JSONObjectReader(bytes)
                _ = try object.nextField()
                return try object.double()
            }
            #expect(read.bitPattern == number.bitPattern, "seed \(seed): \(number)")
        }
    }

    @Test func writerIsReadBack() throws {
        var json = JSONWriter()
        json.beginObject()
        json.field("plain", "text")
        json.field("quote\"\\", "\u{0}\u{1F}\n\t\u{8}\u{C}\r\"\\/é😀\u{7F}")
        json.field("int", Int64.min)
        json.field("unsigned", UInt64.max)
        json.field("double", 0.1)
        json.field("tiny", Double.leastNonzeroMagnitude)
        json.field("huge", Double.greatestFiniteMagnitude)
        json.field("nan", Double.nan)
        json.field("flag", true)
        json.name("list")
        json.beginArray()
        json.value(1)
        json.null()
        json.value(-Double.infinity)
        json.beginArray()
        json.endArray()
        json.endArray()
        json.name("at")
        json.timestamp(1)
        json.endObject()
        json.newline()
        json.beginObject()
        json.endObject()
        let lines = json.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines[1] == "{}")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(object["quote\"\\"] as? String == "\u{0}\u{1F}\n\t\u{8}\u{C}\r\"\\/é😀\u{7F}")
        #expect((object["int"] as? NSNumber)?.int64Value == .min)
        #expect((object["unsigned"] as? NSNumber)?.uint64Value == .max)
        #expect((object["tiny"] as? NSNumber)?.doubleValue == .leastNonzeroMagnitude)
        #expect((object["huge"] as? NSNumber)?.doubleValue == .greatestFiniteMagnitude)
        #expect(object["nan"] is NSNull)
        #expect((object["list"] as? [Any])?.count == 4)
        #expect(object["at"] as? String == "1970-01-01T00:00:00.001Z")
    }
}
