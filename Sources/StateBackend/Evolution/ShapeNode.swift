/// What one call of `init(from:)` has asked for so far.
final class ShapeNode {
    let probe: ShapeProbe
    /// What strings are made up.
    let text: String
    /// Which case an enumeration is told to be.
    let choice: Int
    /// Whether a string was made up: another one may do better.
    var askedForText = false
    /// The cases, once somebody has asked which one it is.
    var cases: [String]?
    /// Whether fields, elements or a single value were asked for; another one means that nothing is known.
    private var kind: TypeShape.Kind?
    private var fields: [(name: String, shape: () -> TypeShape, isRequired: Bool)] = []
    private var elements: [() -> TypeShape] = []
    /// Names that somebody asked about before reading.
    private var asked: Set<String> = []
    private var isNullable = false
    /// Whether somebody asked how many elements there are.
    var isCounted = false

    init(probe: ShapeProbe, text: String, choice: Int) {
        self.probe = probe
        self.text = text
        self.choice = choice
    }

    /// The node of a value that lies in this one.
    func inner() -> ShapeNode { ShapeNode(probe: probe, text: text, choice: choice) }

    /// Notes which sort of container was asked for.
    func begin(_ kind: TypeShape.Kind) {
        self.kind = self.kind == nil || self.kind == kind ? kind : .unknown
    }

    /// The number of elements read so far.
    var elementCount: Int { elements.count }

    func ask(_ name: String) { asked.insert(name) }

    func addNil() { isNullable = true }

    func add(field name: String, isRequired: Bool, _ shape: @escaping () -> TypeShape) {
        if fields.contains(where: { $0.name == name }) { return }
        fields.append((name, shape, isRequired && !asked.contains(name)))
    }

    func add(element shape: @escaping () -> TypeShape) { elements.append(shape) }

    /// A made-up value, noted by `note`; throws when there is none.
    func make<Value: Decodable>(_ type: Value.Type, _ note: (@escaping () -> TypeShape) -> Void) throws -> Value {
        let found = probe.find(type)
        note { found.shape }
        if type == String.self {
            askedForText = true
            if let value = text as? Value { return value }
        }
        guard let value = found.value else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "no value of \(type) could be made up"))
        }
        return value
    }

    /// What a field holds.
    func field(_ name: String) -> TypeShape? { fields.first { $0.name == name }?.shape() }

    /// What was asked for.
    ///
    /// - Parameter isComplete: whether nothing threw; else more might have followed.
    func shape(name: String, isComplete: Bool) -> TypeShape {
        var shape = TypeShape(.unknown, name: name)
        switch kind {
        case TypeShape.Kind.single? where elements.count == 1:
            let inner = elements[0]()
            shape = inner
            shape.name = name
            shape.migrations = nil
        case .fields? where isComplete && cases == nil:
            shape.kind = .fields
            shape.fields = fields.map { .init($0.name, $0.shape(), isRequired: $0.isRequired) }
        case .list? where isComplete && elements.count == 1 && isCounted:
            shape = TypeShape(.list, name: name, elements: [elements[0]()])
        case .list? where isComplete && !isCounted:
            shape = TypeShape(.tuple, name: name, elements: elements.map { $0() })
        case nil where isComplete:
            // Nothing was asked for, so anything will do.
            shape.kind = .fields
        default: break
        }
        return isNullable && shape.kind != .unknown ? TypeShape(.optional, name: name, elements: [shape]) : shape
    }
}

extension TypeShape.Kind {
    /// While it is looked for: a value that consists of one other.
    static let single = TypeShape.Kind(rawValue: "single")
}
