/// What is found of one type: its shape, and a value made up, which the types around it need to go on.
struct ShapeFinding<Value> {
    var shape: TypeShape
    var value: Value?
}

/// A search for the shape of one type and all types in it.
final class ShapeProbe {
    /// Types in types, as deep as values may be nested.
    private static let maximumDepth = 32
    /// What strings are tried with: some types read only numbers, dates or paths from them.
    private static let texts = ["a", "", "0", "1970-01-01T00:00:00Z"]

    private var inProgress: [ObjectIdentifier] = []
    private var known: [ObjectIdentifier: ShapeFinding<Any>] = [:]

    /// The shape of a type's values, and one of them.
    func find<Value: Decodable>(_ type: Value.Type) -> ShapeFinding<Value> {
        if let scalar = Self.scalar(type) { return scalar }
        let id = ObjectIdentifier(type)
        if let found = known[id] { return ShapeFinding(shape: found.shape, value: found.value as? Value) }
        let name = TypeSchema.stableName(of: type)
        if inProgress.contains(id) {
            return ShapeFinding(shape: TypeShape(.recursion, name: name), value: nil)
        }
        guard inProgress.count < Self.maximumDepth, type != Never.self else {
            return ShapeFinding(shape: TypeShape(.unknown, name: name), value: nil)
        }
        inProgress.append(id)
        var found: ShapeFinding<Value>
        if let container = type as? any ShapedContainer.Type {
            let (shape, value) = container.findAny(with: self)
            found = ShapeFinding(shape: shape, value: value as? Value)
        } else if type is any ShapeUnknown.Type {
            found = ShapeFinding(shape: TypeShape(.unknown, name: name), value: nil)
        } else {
            found = run(type, name: name)
        }
        found.shape.migrations = ShapeMigrations(type)
        inProgress.removeLast()
        if found.value == nil { found.value = Self.zero(type) }
        // What was found below a type in progress lacks that type's own shape, and is looked for again elsewhere.
        if inProgress.isEmpty || !found.shape.hasRecursion {
            known[id] = ShapeFinding(shape: found.shape, value: found.value)
        }
        return found
    }

    private func run<Value: Decodable>(_ type: Value.Type, name: String) -> ShapeFinding<Value> {
        var first: ShapeNode?
        for text in Self.texts {
            let (node, value) = attempt(type, text: text, choice: 0)
            if let cases = node.cases { return choose(type, name: name, cases: cases, first: (node, value)) }
            if value != nil { return ShapeFinding(shape: node.shape(name: name, isComplete: true), value: value) }
            first = first ?? node
            guard node.askedForText else { break }
        }
        return ShapeFinding(
            shape: first?.shape(name: name, isComplete: false) ?? TypeShape(.unknown, name: name), value: nil)
    }

    /// The shape of an enumeration with associated values: `init(from:)` is run for each case.
    private func choose<Value: Decodable>(
        _ type: Value.Type, name: String, cases: [String], first: (ShapeNode, Value?)
    ) -> ShapeFinding<Value> {
        var found = ShapeFinding<Value>(shape: TypeShape(.choice, name: name), value: nil)
        for (index, label) in cases.enumerated() {
            let (node, value) = index == 0 ? first : attempt(type, text: Self.texts[0], choice: index)
            let payload = node.field(label) ?? TypeShape(.unknown, name: "")
            found.shape.fields.append(.init(label, payload))
            if found.value == nil { found.value = value }
        }
        return found
    }

    private func attempt<Value: Decodable>(_ type: Value.Type, text: String, choice: Int) -> (ShapeNode, Value?) {
        let node = ShapeNode(probe: self, text: text, choice: choice)
        do { return (node, try Value(from: ShapeDecoder(node: node))) } catch { return (node, nil) }
    }

    private static func scalar<Value: Decodable>(_ type: Value.Type) -> ShapeFinding<Value>? {
        func found(_ kind: TypeShape.Kind, _ value: Any) -> ShapeFinding<Value> {
            let scalar = kind == .integer || kind == .floating ? "\(type)" : ""
            return ShapeFinding(
                shape: TypeShape(kind, name: TypeSchema.stableName(of: type), scalar: scalar), value: value as? Value)
        }
        if type == String.self { return found(.string, "a") }
        if type == Bool.self { return found(.bool, false) }
        if type == Double.self { return found(.floating, 1.0) }
        if type == Float.self { return found(.floating, Float(1)) }
        if let integer = type as? any FixedWidthInteger.Type, IntegerRange.named("\(type)") != nil {
            return found(.integer, integer.init(1))
        }
        return nil
    }

    /// A value of zeros, for types of which every such value is one.
    ///
    /// Trivial types, among them enumerations without associated values, whose first case it is.
    static func zero<Value>(_ type: Value.Type) -> Value? {
        guard _isPOD(type), MemoryLayout<Value>.size > 0 || type is any RawRepresentable.Type, type != Never.self else {
            return nil
        }
        return withUnsafeTemporaryAllocation(
            byteCount: Swift.max(MemoryLayout<Value>.size, 1), alignment: MemoryLayout<Value>.alignment
        ) { memory in
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            return UnsafeRawBufferPointer(memory).load(as: Value.self)
        }
    }
}

extension TypeShape {
    /// Whether it refers to a type further out.
    var hasRecursion: Bool {
        kind == .recursion || elements.contains { $0.hasRecursion } || fields.contains { $0.shape.hasRecursion }
    }
}

/// A container of the standard library, whose `init(from:)` would ask for what isn't there.
protocol ShapedContainer {
    static func find(with probe: ShapeProbe) -> (TypeShape, Self?)
}

extension ShapedContainer {
    static func findAny(with probe: ShapeProbe) -> (TypeShape, Any?) {
        let (shape, value) = find(with: probe)
        return (shape, value)
    }
}

extension Optional: ShapedContainer where Wrapped: Decodable {
    static func find(with probe: ShapeProbe) -> (TypeShape, Self?) {
        let wrapped = probe.find(Wrapped.self)
        let shape = TypeShape(.optional, name: TypeSchema.stableName(of: Self.self), elements: [wrapped.shape])
        return (shape, .some(wrapped.value))
    }
}

extension Array: ShapedContainer where Element: Decodable {
    static func find(with probe: ShapeProbe) -> (TypeShape, Self?) {
        let element = probe.find(Element.self)
        let shape = TypeShape(.list, name: TypeSchema.stableName(of: Self.self), elements: [element.shape])
        return (shape, element.value.map { [$0] } ?? [])
    }
}

extension Set: ShapedContainer where Element: Decodable {
    static func find(with probe: ShapeProbe) -> (TypeShape, Self?) {
        let element = probe.find(Element.self)
        let shape = TypeShape(.list, name: TypeSchema.stableName(of: Self.self), elements: [element.shape])
        return (shape, element.value.map { [$0] } ?? [])
    }
}

extension Dictionary: ShapedContainer where Key: Decodable, Value: Decodable {
    static func find(with probe: ShapeProbe) -> (TypeShape, Self?) {
        let shapes = [probe.find(Key.self).shape, probe.find(Value.self).shape]
        return (TypeShape(.map, name: TypeSchema.stableName(of: Self.self), elements: shapes), [:])
    }
}
