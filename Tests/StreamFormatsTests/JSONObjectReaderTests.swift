import StreamFormats
import Testing

@Suite struct JSONObjectReaderTests {
    private struct Event: Equatable {
        var user = ""
        var time: Int64 = 0
        var price = 0.0
        var isGood = false
        var city: String?
        var tags: [String] = []
    }

    private func decode(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Event {
        var event = Event()
        var object = try JSONObjectReader(bytes)
        while let field = try object.nextField() {
            switch field {
            case "user_id": event.user = try object.string()
            case "event_time": event.time = try object.int64()
            case "price": event.price = try object.double()
            case "ok": event.isGood = try object.bool()
            case "address":
                try object.enterObject()
                while let field = try object.nextField() {
                    if field == "city" { event.city = try object.string() } else { try object.skipValue() }
                }
            case "tags":
                try object.enterArray()
                while try object.nextElement() { event.tags.append(try object.string()) }
            default: try object.skipValue()
            }
        }
        try object.finish()
        return event
    }

    private let sample = """
         {"user_id" : "a\\u0041\\n\\ud83d\\ude00é", "skip":[1,{"x":[]},null,"\\""],"event_time":-1700000000123 ,
          "price":1.5e2,"ok":true, "address":{"zip":1,"city":"Bonn"},"\\u0074ags":[ "x" , "y"], "none":{} } 
        """

    @Test func decodesEveryKindOfValue() throws {
        let event = try withBytes(sample) { try decode($0) }
        #expect(
            event
                == Event(
                    user: "aA\n😀é", time: -1_700_000_000_123, price: 150, isGood: true, city: "Bonn", tags: ["x", "y"]))
    }

    @Test func everyTruncationThrows() {
        let bytes = Array(sample.trimmingSpace.utf8)
        for length in 0..<bytes.count {
            let error = decodeError { _ = try withBytes(bytes[..<length]) { try decode($0) } }
            #expect(error != nil, "length \(length)")
            #expect((error?.offset ?? 0) <= length)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func flippedBytesNeverCrash(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let original = Array(sample.utf8)
        for _ in 0..<2_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let outcome = withBytes(bytes) { buffer in Result { try decode(buffer) } }
            if case .failure(let error) = outcome { #expect(error is DecodeError, "seed \(seed)") }
        }
    }

    @Test(
        arguments: [
            ("", .truncated), ("[]", .syntax), ("{", .truncated), ("{]", .syntax), ("{\"a\"}", .syntax),
            ("{\"a\":}", .syntax), ("{\"a\":1,}", .syntax), ("{\"a\":1 \"b\":2}", .syntax), ("{,}", .syntax),
            ("{\"a\":1}}", .syntax), ("{\"a\":1} x", .syntax), ("{\"a\":01}", .syntax), ("{\"a\":1.}", .syntax),
            ("{\"a\":.5}", .syntax), ("{\"a\":1e}", .syntax), ("{\"a\":+1}", .syntax), ("{\"a\":-}", .syntax),
            ("{\"a\":NaN}", .syntax), ("{\"a\":tru}", .syntax), ("{\"a\":nulll}", .syntax), ("{\"a\":[1,]}", .syntax),
            ("{\"a\":[1 2]}", .syntax), ("{\"a\":[1}", .syntax), ("{\"a\":{\"b\":1,}}", .syntax), ("{'a':1}", .syntax),
            ("{\"a\":\"\\x\"}", .syntax), ("{\"a\":\"\\u12g4\"}", .syntax), ("{\"a\":\"\t\"}", .syntax),
            ("{\"a\":\"\u{0}\"}", .syntax), ("{\"a\t\":1}", .syntax), ("{\"a\":\"b}", .truncated), ("{a:1}", .syntax),
            ("{\"a\":1,\"b\"", .truncated), ("\u{FEFF}{}", .syntax), ("{\"a\":\u{A0}1}", .syntax),
        ] as [(String, DecodeError.Code)])
    func refusesWhatIsNotJSON(text: String, code: DecodeError.Code) {
        #expect(decodeError { try withBytes(text) { _ = try skipAll($0) } }?.code == code)
    }

    @Test(arguments: [
        "{}", " { } ", "{\"\":0}", "{\"a\":-0}", "{\"a\":0.0e-0}", "{\"a\":1E+2}", "{\"a\":[]}", "{\"a\":[[],{},\"\"]}",
        "{\"a\":\"\\ud800\"}", "{\"a\":1}\r\n", "{\n\"a\"\t:\r1 , \"a\" : 2 }", "{\"a\":\"\u{7F}\u{2028}\"}",
        "{\"a\":123456789012345678901234567890}",
    ])
    func skipsWhatIsJSON(text: String) throws {
        try withBytes(text) { _ = try skipAll($0) }
    }

    private func skipAll(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Int {
        var count = 0
        var object = try JSONObjectReader(bytes)
        while try object.nextField() != nil {
            try object.skipValue()
            count += 1
        }
        try object.finish()
        return count
    }

    @Test func nestingIsLimited() throws {
        func nested(_ levels: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
        }
        try withBytes(nested(255)) { _ = try skipAll($0) }
        for levels in [256, 100_000] {
            #expect(decodeError { try withBytes(nested(levels)) { _ = try skipAll($0) } }?.code == .syntax)
        }
    }

    /// Reads the value of the only field.
    private func value<T>(_ json: String, _ read: (inout JSONObjectReader) throws -> T) throws -> T {
        try withBytes("{\"a\":\(json)}") { bytes in
            var object = try JSONObjectReader(bytes)
            #expect(try object.nextField()?.string == "a")
            let value = try read(&object)
            #expect(try object.nextField() == nil)
            try object.finish()
            return value
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-12345678", -12_345_678), ("123456789012345678", 123_456_789_012_345_678),
            ("9223372036854775807", .max), ("-9223372036854775808", .min), ("1.0", 1), ("1e3", 1_000), ("1.50e1", 15),
            ("1000e-3", 1), ("0e999999999999", 0), ("0.000e5", 0), ("9223372036854775807.000", .max),
        ] as [(String, Int64)])
    func integers(text: String, expected: Int64) throws {
        #expect(try value(text) { try $0.int64() } == expected)
    }

    @Test(
        arguments: [
            ("9223372036854775808", .outOfRange), ("-9223372036854775809", .outOfRange), ("1e19", .outOfRange),
            ("1e99999999999999999999", .outOfRange), ("1.5", .typeMismatch), ("1e-1", .typeMismatch),
            ("\"1\"", .typeMismatch), ("null", .typeMismatch), ("true", .typeMismatch), ("01", .syntax), ("-", .syntax),
            ("1.", .syntax), ("00000000000000000001", .syntax), ("1x", .syntax), ("12345678x", .syntax),
        ] as [(String, DecodeError.Code)])
    func refusedIntegers(text: String, code: DecodeError.Code) {
        #expect(decodeError { _ = try value(text) { try $0.int64() } }?.code == code)
    }

    @Test(arguments: [
        "0", "-0.0", "0.1", "1e22", "1e23", "123456789.123456789", "5e-324", "1.7976931348623157e308", "1e-400",
        "9007199254740993", "0.30000000000000004", "179769313486231570000000000000", "2.2250738585072011e-308",
    ])
    func doubles(text: String) throws {
        let expected = try #require(Double(text))
        #expect(try value(text) { try $0.double() }.bitPattern == expected.bitPattern)
    }

    @Test func doubleBeyondRange() {
        #expect(decodeError { _ = try value("1e400") { try $0.double() } }?.code == .outOfRange)
    }

    @Test(
        arguments: [
            ("1", 1_000_000), ("0.000001", 1), ("-12.5", -12_500_000), ("1e-6", 1), ("9223372036854.775807", .max),
            ("19.990000000", 19_990_000),
        ] as [(String, Int64)])
    func decimals(text: String, micros: Int64) throws {
        #expect(try value(text) { try $0.decimalMicros() } == micros)
    }

    @Test(
        arguments: [("0.0000001", .typeMismatch), ("9223372036854.775808", .outOfRange)]
            as [(String, DecodeError.Code)])
    func refusedDecimals(text: String, code: DecodeError.Code) {
        #expect(decodeError { _ = try value(text) { try $0.decimalMicros() } }?.code == code)
    }

    @Test(arguments: [
        ("\"\"", ""), ("\"plain\"", "plain"), ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{C}\n\r\t"),
        ("\"\\u0000\"", "\0"), ("\"\\uD834\\uDD1E\"", "𝄞"), ("\"ünïcødé and more text\"", "ünïcødé and more text"),
        ("\"\\u00e9\"", "é"), ("\"1234567\\u00412345678\"", "1234567A2345678"),
    ])
    func strings(json: String, expected: String) throws {
        #expect(try value(json) { try $0.string() } == expected)
    }

    @Test(arguments: ["\\ud800", "\\udc00", "\\ud800\\u0041", "\\ud800x", "\\udc00\\ud800", "ab\\ud83d\\n"])
    func loneSurrogatesAreRefused(text: String) {
        #expect(decodeError { _ = try value("\"\(text)\"") { try $0.string() } }?.code == .invalidUTF8)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xC3],
            [0xEF, 0xBF, 0xBD, 0xFF],
        ] as [[UInt8]])
    func invalidUTF8IsRefusedWhenUsed(bytes: [UInt8]) throws {
        for escape in ["", "\\n"] {
            let record = Array("{\"a\":\"x\(escape)".utf8) + bytes + Array("\"}".utf8)
            try withBytes(record) { buffer in
                var object = try JSONObjectReader(buffer)
                _ = try object.nextField()
                #expect(decodeError { _ = try object.string() }?.code == .invalidUTF8)
                #expect(try skipAll(buffer) == 1)
            }
        }
    }

    @Test func nullAndBooleans() throws {
        #expect(
            try value("null") {
                try $0.null(); return 1
            } == 1)
        #expect(try value(" false") { try $0.bool() } == false)
        #expect(
            try value("null") { object in
                defer { try? object.null() }; return object.isNull()
            })
        #expect(decodeError { _ = try value("0") { try $0.bool() } }?.code == .typeMismatch)
    }

    @Test func timestamps() throws {
        #expect(try value("1420070400000") { try $0.timestamp() } == 1_420_070_400_000)
        #expect(try value("\"2015-01-01T00:00:00Z\"") { try $0.timestamp() } == 1_420_070_400_000)
        #expect(try value("\"2015-01-01T00:00:00\\u005A\"") { try $0.timestamp() } == 1_420_070_400_000)
        #expect(decodeError { _ = try value("\"yesterday\"") { try $0.timestamp() } }?.code == .typeMismatch)
    }

    @Test func errorsNameTheFieldAndTheRemedy() {
        let text = #"{"id":1,"actor":{"x":[{"y":2}],"login":7},"z":0}"#
        let error = decodeError {
            try withBytes(text) { bytes in
                var object = try JSONObjectReader(bytes)
                while let field = try object.nextField() {
                    guard field == "actor" else { try object.skipValue(); continue }
                    try object.enterObject()
                    while let field = try object.nextField() {
                        if field == "login" { _ = try object.string() } else { try object.skipValue() }
                    }
                }
            }
        }
        #expect(error?.message.contains("'actor.login'") == true)
        #expect(error?.message.contains("found a number") == true)
        #expect(error?.offset == 39)
    }

    @Test func leavingAnObjectAndUnreadFields() throws {
        try withBytes(#"{"a":{"b":1,"c":[2]},"d":3}"#) { bytes in
            var object = try JSONObjectReader(bytes)
            _ = try object.nextField()
            try object.enterObject()
            _ = try object.nextField()
            #expect(try object.int64() == 1)
            try object.leaveObject()
            #expect(try object.nextField()?.description == "d")
            #expect(decodeError { try object.finish() }?.code == .syntax)
        }
    }
}

extension String {
    fileprivate var trimmingSpace: String {
        var text = Substring(self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
