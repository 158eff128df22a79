/// What the values of a `Codable` type look like in the form of ``CodableCodec``, as far as it can be told without one.
///
/// Part of a snapshot's manifest, so that a later program can tell whether its types read what is there.
public struct TypeShape: Sendable, Equatable, Codable {
    /// Which sort of values; more may come.
    public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
        /// The sort's name.
        public let rawValue: String

        /// A sort of the given name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// It could not be told.
        public static let unknown = Kind(rawValue: "unknown")
        /// `Bool`.
        public static let bool = Kind(rawValue: "bool")
        /// An integer; ``TypeShape/scalar`` says which.
        public static let integer = Kind(rawValue: "integer")
        /// A `Float` or `Double`; ``TypeShape/scalar`` says which.
        public static let floating = Kind(rawValue: "floating")
        /// A string.
        public static let string = Kind(rawValue: "string")
        /// Nil, or the one element.
        public static let optional = Kind(rawValue: "optional")
        /// Any number of the one element.
        public static let list = Kind(rawValue: "list")
        /// The elements, one after the other.
        public static let tuple = Kind(rawValue: "tuple")
        /// Any number of pairs of the first element and the second.
        public static let map = Kind(rawValue: "map")
        /// Fields with names.
        public static let fields = Kind(rawValue: "fields")
        /// One of the cases, which are the fields.
        public static let choice = Kind(rawValue: "choice")
        /// As the type of the same name further out.
        public static let recursion = Kind(rawValue: "recursion")
    }

    /// A field with its name.
    public struct Field: Sendable, Equatable, Codable {
        /// The name.
        public var name: String
        /// What it holds.
        public var shape: TypeShape
        /// Whether reading fails when it is absent.
        public var isRequired: Bool

        /// A field.
        public init(_ name: String, _ shape: TypeShape, isRequired: Bool = true) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
        }
    }

    /// Which sort of values.
    public var kind: Kind
    /// The type's name, with its module.
    public var name: String
    /// The number's type, such as "Int32"; empty where it is none.
    public var scalar: String
    /// The fields in the order in which they are read, or the cases.
    public var fields: [Field]
    /// What is within, where that has no names.
    public var elements: [TypeShape]
    /// How the type reads what older versions of it wrote; what a program can do, so not part of what is written.
    var migrations: ShapeMigrations?

    private enum CodingKeys: String, CodingKey { case kind, name, scalar, fields, elements }

    /// Whether both say the same of what is written; the migrations, which no manifest has, don't count.
    public static func == (a: TypeShape, b: TypeShape) -> Bool {
        a.kind == b.kind && a.name == b.name && a.scalar == b.scalar && a.fields == b.fields
            && a.elements == b.elements
    }

    /// A shape.
    public init(
        _ kind: Kind, name: String, scalar: String = "", fields: [Field] = [], elements: [TypeShape] = []
    ) {
        self.kind = kind
        self.name = name
        self.scalar = scalar
        self.fields = fields
        self.elements = elements
    }

    /// The shape of a type's values; nil when nothing can be told.
    ///
    /// Found by running `init(from:)` against a decoder that makes values up and notes what is asked for; values are
    /// ones, strings of one letter, and lists of one element. Worked out once per type. A type for which that must not
    /// be done conforms to ``ShapeUnknown``.
    public static func of(_ type: any Decodable.Type) -> TypeShape? {
        let shape = ShapeCache.shared.shape(of: type)
        return shape.kind == .unknown ? nil : shape
    }

    /// The shape in a few words, such as `{id: Int32, name: String?}`.
    public var text: String { text(depth: 0) }

    private func text(depth: Int) -> String {
        func inner(_ shape: TypeShape?) -> String { shape?.text(depth: depth + 1) ?? "…" }
        switch kind {
        case .integer, .floating: return scalar
        case .bool: return "Bool"
        case .string: return "String"
        case .optional: return inner(elements.first) + "?"
        case .list: return "[" + inner(elements.first) + "]"
        case .tuple: return "(" + elements.map { inner($0) }.joined(separator: ", ") + ")"
        case .map: return "[" + inner(elements.first) + ": " + inner(elements.last) + "]"
        case .fields, .choice:
            guard depth < 3 else { return name }
            let separator = kind == .fields ? ", " : " | "
            let texts = fields.map { field in
                kind == .choice && field.shape.fields.isEmpty
                    ? field.name : "\(field.name): \(inner(field.shape))\(field.isRequired ? "" : "?")"
            }
            return "{" + texts.joined(separator: separator) + "}"
        default: return name
        }
    }
}

/// A `Codable` type whose `init(from:)` must not be run with made-up values, because it stops the program on some.
///
/// Nothing is known of its fields then: a snapshot can be checked for the type's name only.
public protocol ShapeUnknown {}
