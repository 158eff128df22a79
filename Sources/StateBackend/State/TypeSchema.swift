/// A type as state is written in it.
public struct TypeSchema: Sendable, Equatable, Codable {
    /// The type's name, with its module.
    public var name: String
    /// Which form the bytes have.
    public var form: CodecForm
    /// The version of the form that was written.
    public var version: Int
    /// The number of bytes of a value; 0 where the form isn't `raw`.
    public var size: Int
    /// What the values look like, where the form is `codable` and it can be told.
    public var shape: TypeShape?
    /// The types that the bytes are put together from, where they are: an array's element, a map's key and value.
    public var components: [TypeSchema]
    /// The older schemas that the codec has migrations from, in the order in which they were given.
    ///
    /// What a program can do, so not part of what is written.
    public var migrations: [TypeSchema] = []
    /// Whether the codec reads values whose components are read by migrations: as ``migrations``, not written.
    var recomposes = false

    private enum CodingKeys: String, CodingKey { case name, form, version, size, shape, components }

    /// Whether both say the same of what is written; what a program can do beyond that doesn't count.
    public static func == (a: TypeSchema, b: TypeSchema) -> Bool {
        a.name == b.name && a.form == b.form && a.version == b.version && a.size == b.size && a.shape == b.shape
            && a.components == b.components
    }

    /// The schema of a type.
    public init(
        name: String, form: CodecForm, version: Int = 1, size: Int = 0, shape: TypeShape? = nil,
        components: [TypeSchema] = []
    ) {
        self.name = name
        self.form = form
        self.version = version
        self.size = size
        self.shape = shape
        self.components = components
    }

    /// Reads a schema; what earlier versions didn't write is as if it weren't known.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(String.self, forKey: .name)
        form = try fields.decode(CodecForm.self, forKey: .form)
        version = try fields.decode(Int.self, forKey: .version)
        size = try fields.decodeIfPresent(Int.self, forKey: .size) ?? 0
        shape = try fields.decodeIfPresent(TypeShape.self, forKey: .shape)
        components = try fields.decodeIfPresent([TypeSchema].self, forKey: .components) ?? []
    }

    /// The name before its generic parameters: `Swift.Array` of `Swift.Array<Swift.Int>`; of tuples the parenthesis.
    public var baseName: String {
        name.hasPrefix("(") && !name.hasPrefix("(extension") ? "(" : String(name.prefix { $0 != "<" })
    }

    /// The type in a few words: name, version where there are several, and fields where they are known.
    public var text: String {
        var text = name
        if version != 1 { text += " version \(version)" }
        if form == .raw { text += " of \(size) bytes" }
        if let shape, shape.kind == .fields || shape.kind == .choice { text += " \(shape.text)" }
        return text
    }

    /// A type's name with its module, the same in every process.
    ///
    /// Swift puts addresses into the names of private and local types; they are left out.
    public static func stableName(of type: Any.Type) -> String {
        let name = String(reflecting: type)
        let mark = "(unknown context at $"
        guard name.utf8.contains(UInt8(ascii: "$")) else { return name }
        var stable = ""
        var rest = name[...]
        while let start = rest.firstIndex(of: "(") {
            stable += rest[..<start]
            rest = rest[start...]
            guard rest.hasPrefix(mark), let end = rest.firstIndex(of: ")") else {
                stable.append(rest.removeFirst())
                continue
            }
            rest = rest[rest.index(after: end)...]
            if rest.first == "." { rest.removeFirst() }
        }
        return stable + rest
    }
}

extension StateCodec {
    /// The type and form that the codec writes, and the older ones that it reads.
    public var schema: TypeSchema {
        var schema = TypeSchema(name: TypeSchema.stableName(of: Value.self), form: form, version: version)
        switch form {
        case .raw: schema.size = MemoryLayout<Value>.size
        case .codable: schema.shape = (Value.self as? any Decodable.Type).flatMap { TypeShape.of($0) }
        case .own, .missing, .ordered: break
        }
        schema.components = components?() ?? []
        schema.recomposes = recompose != nil
        schema.migrations = migrations.map { $0.schema() }
        return schema
    }
}
