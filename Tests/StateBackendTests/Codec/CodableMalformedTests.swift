import StateBackend
import Testing

/// Damaged bytes give an error or a value, never a crash and never more memory than the bytes justify.
@Suite struct CodableMalformedTests {
    private static func sample(_ seed: UInt64) -> Everything {
        var generator = SeededGenerator(seed: seed)
        return Everything.random(using: &generator)
    }

    /// Nothing but the two kinds of errors comes out.
    private func decodes(_ bytes: [UInt8]) throws -> Bool {
        do {
            var decoder = StateDecoder(bytes)
            _ = try CodableCodec.decode(Everything.self, &decoder)
            return true
        } catch let error as StateError {
            #expect(error.code == .malformed)
            return false
        } catch is DecodingError {
            return false
        }
    }

    @Test(arguments: [3, 4, 5] as [UInt64])
    func cutAnywhere(seed: UInt64) throws {
        let bytes = try CodableCodec.bytes(of: Self.sample(seed))
        for end in 0..<bytes.count {
            #expect(try !decodes(Array(bytes[..<end])), "seed \(seed), cut at \(end) of \(bytes.count)")
        }
    }

    @Test(arguments: [3, 4] as [UInt64])
    func eachByteFlipped(seed: UInt64) throws {
        let bytes = try CodableCodec.bytes(of: Self.sample(seed))
        for place in bytes.indices {
            for flip: UInt8 in [0x01, 0x08, 0x80, 0xFF] {
                var damaged = bytes
                damaged[place] ^= flip
                _ = try decodes(damaged)
            }
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func severalBytesReplaced(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bytes = try CodableCodec.bytes(of: Self.sample(seed % 7))
        for _ in 0...generator.below(8) {
            bytes[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
        }
        _ = try decodes(bytes)
    }

    @Test(
        arguments: [
            ([], "ends within"),
            ([2, 1, 0x41, 0], "form 2"),
            ([1, 0, 0], "another length"),
            ([1, 2, 0x41, 0x41, 0], "another length"),
            ([1, 1, 0x3F, 0], "another length"),
            ([1, 200, 1, 0x41], "ends within"),
            ([1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "ends within"),
            ([1, 1, 0x41, 0xFF, 0xFF, 0xFF, 0x7F], "ends within"),
            ([1, 1, 0x41, 1, 1, 0xFF], "UTF-8"),
        ] as [([UInt8], String)])
    func saysWhatIsWrong(bytes: [UInt8], words: String) {
        #expect { try CodableCodec.value(Int.self, of: bytes) } throws: { error in
            (error as? StateError)?.code == .malformed
                && "\(error)".contains(words.replacing("ends within", with: "end within"))
        }
    }

    /// The last element of a list ends behind it.
    @Test(arguments: [[0x08, 0], [0x07, 0], [0x05, 0], [0x85, 0x61], [0x03, 0x80], [0x0B, 0x05]] as [[UInt8]])
    func elementsLongerThanTheirList(element: [UInt8]) {
        let bytes: [UInt8] = [1, 4, 0x0B, 2] + element + [0]
        #expect { try CodableCodec.value([Double].self, of: bytes) } throws: { error in
            "\(error)".contains("field [0]: there is no whole value")
        }
    }

    @Test func saysWhere() throws {
        // { "a": { "b": ["x", <a string that is not UTF-8>] } }
        var bytes: [UInt8] = [1, 12, 0x0A, 10, 0, 0x0A, 7, 1, 0x0B, 4, 0x81, 0x78, 0x81, 0xFF, 2, 1, 0x61, 1, 0x62]
        #expect { try CodableCodec.value([String: [String: [String]]].self, of: bytes) } throws: { error in
            "\(error)".contains("field a.b[1]: a string is not UTF-8")
        }
        // The same with a list that is longer than what is around it, and with a name that there is not.
        bytes[9] = 7
        #expect { try CodableCodec.value([String: [String: [String]]].self, of: bytes) } throws: { error in
            "\(error)".contains("field a.b: there is no whole value")
        }
        bytes[9] = 4
        bytes[7] = 2
        #expect { try CodableCodec.value([String: [String: [String]]].self, of: bytes) } throws: { error in
            "\(error)".contains("field a: a field has no name")
        }
    }
}
