/// Bytes being written, with the containers that are open in them.
///
/// Values that are written within `encode(_:forKey:)` go straight into the same bytes: they are complete when the call
/// returns, so the open ones form a stack. What `nestedContainer` and `superEncoder` return may be written to later
/// and in any order; each gets a fragment of its own, and is put in its place when the value around it is complete.
final class CodableFragment {
    enum Kind { case undecided, single, keyed, unkeyed }

    /// A value being written.
    struct Level {
        /// Tells the value from others that were at its place before.
        let serial: Int
        /// Its key in the value around it.
        let key: (any CodingKey)?
        var kind = Kind.undecided
        /// Where its body begins, when it is a container.
        var start = 0
        /// The values written into it so far.
        var count = 0
    }

    let names: CodableNames
    // Each access is over before a user's code runs, and checking that costs a fifth of the time.
    @exclusivity(unchecked) var bytes: [UInt8] = []
    private let path: [any CodingKey]
    private let depth: Int
    @exclusivity(unchecked) private var levels: [Level] = []
    @exclusivity(unchecked) private var nested: [(position: Int, fragment: CodableFragment)] = []
    @exclusivity(unchecked) private var lastSerial = 0

    /// An empty fragment for a value at `path`, inside `depth` others.
    init(names: CodableNames, path: [any CodingKey], depth: Int) {
        self.names = names
        self.path = path
        self.depth = depth
    }

    /// Where the value `serial` is.
    func path(to serial: Int) -> [any CodingKey] {
        path + levels.prefix { $0.serial <= serial }.compactMap(\.key)
    }

    /// Writes a whole value.
    func append<Value: Encodable>(_ value: Value, key: (any CodingKey)?) throws {
        if appendPrimitive(value) { return }
        let depthNow = levels.count
        guard depth + depthNow < CodableCodec.maximumDepth else {
            throw EncodingError.invalidValue(
                value,
                .init(
                    codingPath: path(to: .max),
                    debugDescription: "values are nested more than \(CodableCodec.maximumDepth) deep"))
        }
        let mark = (bytes.count, nested.count)
        let serial = open(key: key)
        do {
            try value.encode(to: CodableEncoder(fragment: self, serial: serial))
        } catch {
            // Whoever catches this may go on with the next value.
            levels.removeSubrange(depthNow...)
            discard(from: mark)
            throw error
        }
        close()
    }

    /// Writes a field's name and value; neither when the value can't be written.
    func append<Value: Encodable, Key: CodingKey>(field value: Value, key: Key, in serial: Int) throws {
        guard isInnermost(serial) else { throw misuse(value, in: serial) }
        let mark = (bytes.count, nested.count)
        bytes.append(varint: UInt64(names.number(of: key.stringValue)))
        if appendPrimitive(value) { return }
        do {
            try append(value, key: key)
        } catch {
            discard(from: mark)
            throw error
        }
    }

    /// Writes the next value of a list, or the only one of a single value.
    func append<Value: Encodable>(element value: Value, in serial: Int) throws {
        guard isInnermost(serial) else { throw misuse(value, in: serial) }
        let top = levels.count - 1
        if levels[top].kind == .single {
            precondition(levels[top].count == 0, "a single value is encoded twice in one container")
            try append(value, key: nil)
        } else if !appendPrimitive(value) {
            try append(value, key: CodablePathKey(intValue: levels[top].count))
        }
        levels[top].count += 1
    }

    /// A fragment for what shall stand here later: a field when `key` has a name, else an element.
    func appendLater(key: (any CodingKey)?, in serial: Int, kind: Kind) -> (fragment: CodableFragment, serial: Int) {
        precondition(isInnermost(serial), "an encoding container is used after its value was complete")
        let top = levels.count - 1
        let place = key ?? CodablePathKey(intValue: levels[top].count)
        if let key { bytes.append(varint: UInt64(names.number(of: key.stringValue))) }
        levels[top].count += 1
        let fragment = CodableFragment(names: names, path: path(to: serial) + [place], depth: depth + levels.count)
        nested.append((bytes.count, fragment))
        let inner = fragment.open(key: nil)
        if kind != .undecided { fragment.begin(kind, serial: inner) }
        return (fragment, inner)
    }

    /// Begins the value `serial` as a container of the given kind, or goes on with it.
    func begin(_ kind: Kind, serial: Int) {
        precondition(isInnermost(serial), "an encoder is used after its value was complete")
        let top = levels.count - 1
        if levels[top].kind == kind { return }
        precondition(levels[top].kind == .undecided, "a value asks its encoder for two kinds of containers")
        levels[top].kind = kind
        if kind == .single { return }
        bytes.append(kind == .keyed ? CodableTag.keyed : CodableTag.unkeyed)
        bytes.append(0)
        levels[top].start = bytes.count
    }

    /// The number of values in the list so far.
    func count(of serial: Int) -> Int { levels.last { $0.serial == serial }?.count ?? 0 }

    /// Writes the length of the body that begins at `start` and ends here into the byte before it, and makes room when
    /// it needs more.
    func patchLength(ofBodyAt start: Int) {
        let length = bytes.count - start
        if length < 0x80 {
            bytes[start - 1] = UInt8(length)
        } else {
            var prefix: [UInt8] = []
            prefix.append(varint: UInt64(length))
            bytes[start - 1] = prefix[0]
            bytes.insert(contentsOf: prefix.dropFirst(), at: start)
        }
    }

    private func open(key: (any CodingKey)?) -> Int {
        lastSerial += 1
        levels.append(Level(serial: lastSerial, key: key))
        return lastSerial
    }

    /// Completes the innermost value.
    private func close() {
        guard let level = levels.popLast() else { return }
        switch level.kind {
        case .single: if level.count == 0 { bytes.append(CodableTag.null) }
        case .undecided:
            bytes.append(CodableTag.keyed)
            bytes.append(0)
        case .keyed, .unkeyed:
            if let last = nested.last, last.position >= level.start { fillIn(from: level.start) }
            patchLength(ofBodyAt: level.start)
        }
    }

    /// Puts the nested fragments behind `start` into their places.
    private func fillIn(from start: Int) {
        let first = nested.firstIndex { $0.position >= start } ?? nested.endIndex
        let pieces = nested[first...]
        nested.removeSubrange(first...)
        var filled: [UInt8] = []
        var from = start
        for (position, fragment) in pieces {
            fragment.close()
            filled.append(contentsOf: bytes[from..<position])
            filled.append(contentsOf: fragment.bytes)
            from = position
        }
        bytes.replaceSubrange(start..<from, with: filled)
    }

    private func discard(from mark: (bytes: Int, nested: Int)) {
        bytes.removeSubrange(mark.bytes...)
        nested.removeSubrange(mark.nested...)
    }

    @inline(__always)
    private func isInnermost(_ serial: Int) -> Bool {
        !levels.isEmpty && levels[levels.count - 1].serial == serial
    }

    private func misuse(_ value: Any, in serial: Int) -> EncodingError {
        .invalidValue(
            value,
            .init(
                codingPath: path(to: serial), debugDescription: "the container's value is complete or not the innermost"
            ))
    }
}
