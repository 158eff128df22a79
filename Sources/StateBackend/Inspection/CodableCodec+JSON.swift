extension CodableCodec {
    /// Reads a value, whatever its type, and writes it as JSON.
    static func writeJSON(_ decoder: inout StateDecoder, into output: inout JSONOutput) throws {
        let reader = try open(&decoder)
        try reader.writeJSON(at: reader.root, depth: 0, into: &output)
    }
}

extension CodableReader {
    fileprivate func writeJSON(at offset: Int, depth: Int, into output: inout JSONOutput) throws {
        let tag = bytes[offset]
        switch tag {
        case CodableTag.null: output.raw("null")
        case CodableTag.false: output.raw("false")
        case CodableTag.true: output.raw("true")
        case CodableTag.float:
            let value = try decode(Float.self, at: offset, depth: depth)
            if value.isFinite { output.raw("\(value)") } else { output.value("\(value)") }
        case CodableTag.double: output.value(try decode(Double.self, at: offset, depth: depth))
        case CodableTag.string, CodableTag.smallString..<(CodableTag.smallString + 64):
            output.value(try decode(String.self, at: offset, depth: depth))
        case CodableTag.wide, CodableTag.wideNegative:
            guard #available(macOS 15, iOS 18, watchOS 11, tvOS 18, visionOS 2, *) else {
                throw malformed("numbers of 128 bits can't be shown here", at: offset)
            }
            output.raw(
                tag == CodableTag.wide
                    ? "\(try decode(UInt128.self, at: offset, depth: depth))"
                    : "\(try decode(Int128.self, at: offset, depth: depth))")
        case CodableTag.integer: output.raw("\(try decode(UInt64.self, at: offset, depth: depth))")
        case CodableTag.keyed:
            let body = try container(tag, at: offset, depth: depth, as: [String: Any].self)
            _ = try count(in: body, named: true)
            try output.object { output in
                try forEachValue(in: body, named: true) { name, value in
                    output.name(name)
                    try writeJSON(at: value, depth: depth + 1, into: &output)
                }
            }
        case CodableTag.unkeyed:
            let body = try container(tag, at: offset, depth: depth, as: [Any].self)
            _ = try count(in: body, named: false)
            try output.array { output in
                try forEachValue(in: body, named: false) { _, value in
                    try writeJSON(at: value, depth: depth + 1, into: &output)
                }
            }
        default: output.raw("\(try decode(Int64.self, at: offset, depth: depth))")
        }
    }

    /// Calls `visit` with every value of a container that was checked, and its name.
    private func forEachValue(in body: Range<Int>, named: Bool, _ visit: (String, Int) throws -> Void) throws {
        var offset = body.lowerBound
        while offset < body.upperBound {
            let name = named ? self.name(at: &offset, limit: body.upperBound) : nil
            try visit(name.map { names[$0] } ?? "", offset)
            guard let next = end(ofValueAt: offset, limit: body.upperBound) else {
                throw malformed("there is no whole value", at: offset)
            }
            offset = next
        }
    }
}
