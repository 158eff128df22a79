/// How a codec reads what an older program wrote.
struct StateMigration<Value>: Sendable {
    /// Whether only the version tells what was written.
    var isByVersion = false
    /// What the older program wrote.
    let schema: @Sendable () -> TypeSchema
    /// A function that reads values of a schema that this one reads.
    let reader: @Sendable (_ written: TypeSchema) -> StateCodec<Value>.Reader
}

extension StateCodec {
    /// Reads a value.
    typealias Reader = (inout StateDecoder) throws -> Value

    /// The codec with another version: to be raised when its bytes, or what they mean, change.
    ///
    /// What another version wrote is read only through a migration. Codecs have version 1 unless they say otherwise.
    public func versioned(_ version: Int) -> StateCodec<Value> {
        var codec = self
        codec.version = version
        return codec
    }

    /// The codec that also reads what `codec` wrote, and makes its own values of that.
    ///
    /// For changes that are not read by themselves: a field renamed, split, or of another type. The old type stays in
    /// the program, under any name; rows are converted one by one when a snapshot is loaded.
    /// ```swift
    /// struct VisitV1: Codable { var name: String }
    /// let codec = StateCodec<Visit>.automatic.migrating(from: VisitV1.self) { old in
    ///     Visit(firstName: old.name, lastName: "")
    /// }
    /// let visits = try context.state.value("visits", of: Visit.self, codec: codec)
    /// ```
    /// Migrations may follow each other: `codec` may have some of its own.
    ///
    /// - Parameters:
    ///   - type: the old type, or one of the same fields.
    ///   - codec: how the old type was written. By default ``automatic``, of version 1.
    ///   - name: the name of the old type in the old program, with its module. By default that of `type`, or that of
    ///     this codec's type. Types of the `Codable` form are known by their fields.
    ///   - convert: makes a value of an old one; what it throws ends the restore.
    public func migrating<Old>(
        from type: Old.Type, codec: StateCodec<Old> = .automatic, named name: String? = nil,
        _ convert: @escaping @Sendable (Old) throws -> Value
    ) -> StateCodec<Value> {
        var changed = self
        changed.migrations.append(
            StateMigration(
                schema: {
                    var schema = codec.schema
                    if let name { schema.name = name }
                    return schema
                },
                reader: { written in
                    var written = written
                    if name != nil { written.name = codec.schema.name }
                    let old = codec.reading(written)
                    return { try convert(try old.decode(&$0)) }
                }))
        return changed
    }

    /// The codec that also reads what an older version of itself wrote, byte by byte.
    ///
    /// - Parameters:
    ///   - version: the version that was written; not this codec's.
    ///   - read: reads a value from the older version's bytes.
    public func migrating(
        fromVersion version: Int, _ read: @escaping @Sendable (inout StateDecoder) throws -> Value
    ) -> StateCodec<Value> {
        var changed = self
        let form = form
        changed.migrations.append(
            StateMigration(
                isByVersion: true,
                schema: {
                    TypeSchema(
                        name: TypeSchema.stableName(of: Value.self), form: form, version: version,
                        size: form == .raw ? MemoryLayout<Value>.size : 0)
                },
                reader: { _ in read }))
        return changed
    }

    /// The codec that reads what is of the schema `written`, through a migration where one is needed.
    ///
    /// What doesn't fit is left to reading, which throws; ``SnapshotCheck`` tells beforehand.
    public func reading(_ written: TypeSchema) -> StateCodec<Value> {
        let match = schema.match(written)
        guard match.report.fit == .migrated else { return self }
        if let index = match.migration { return reading(migrations[index].reader(match.written ?? written)) }
        if let readNested, !match.report.nested.isEmpty { return reading(readNested(match.report.nested)) }
        if let recompose { return reading(recompose(written.components)) }
        return self
    }

    private func reading(_ read: @escaping Reader) -> StateCodec<Value> {
        var codec = self
        codec.read = read
        return codec
    }
}

extension StateCodec {
    /// Whether ``reading(_:)`` gives a codec that reads what is of the schema `written`.
    public func canRead(_ written: TypeSchema) -> Bool { schema.match(written).report.fit <= .migrated }
}
