/// How a program's type reads what was written.
struct TypeMatch: Equatable {
    var report: FitReport
    /// The migration to be used, by its number; nil for none, or where it is in a component.
    var migration: Int?
    /// The schema that the migration is to be told, which may differ by its name.
    var written: TypeSchema?
}

extension TypeSchema {
    /// How bytes of the schema `written` are read by a codec of this one.
    ///
    /// A migration from exactly what was written comes first, then what is read by itself, then other migrations.
    func match(_ written: TypeSchema) -> TypeMatch {
        let direct = fit(written)
        if direct.fit == .same { return TypeMatch(report: direct) }
        let offers = migrations.indices.map { ($0, offer(migrations[$0], written)) }
        if let (index, offer) = offers.first(where: { $0.1.0.fit == .same }) {
            return migrated(index, offer.1, written)
        }
        if direct.fit <= .migrated { return TypeMatch(report: direct) }
        if let (index, offer) = offers.first(where: { $0.1.0.fit <= .migrated }) {
            return migrated(index, offer.1, written)
        }
        return TypeMatch(report: direct)
    }

    private func migrated(_ index: Int, _ renamed: TypeSchema, _ written: TypeSchema) -> TypeMatch {
        TypeMatch(
            report: FitReport(.migrated, "a migration reads \(written.text)"), migration: index, written: renamed)
    }

    /// How a migration's own schema reads what was written.
    ///
    /// The old type often has a new name in the program, so what was written under this type's name is taken for it.
    private func offer(_ old: TypeSchema, _ written: TypeSchema) -> (FitReport, TypeSchema) {
        var renamed = written
        if written.name == name { renamed.name = old.name }
        return (old.match(renamed).report, renamed)
    }

    /// How bytes of the schema `written` are read without this schema's own migrations.
    private func fit(_ written: TypeSchema) -> FitReport {
        let change = "the type changed from \(written.text) to \(text)"
        guard form != .missing else {
            return FitReport(.incompatible, "\(name) can't be read; make it Codable, or StateCodable")
        }
        guard form == written.form else {
            return FitReport(.needsMigration, "\(change), and from the form \(written.form) to \(form)")
        }
        guard version == written.version else {
            return FitReport(
                .needsMigration,
                "\(name) was written in version \(written.version), and this program has \(version)")
        }
        switch form {
        case .own, .ordered: return fit(own: written, change)
        case .raw:
            return name == written.name && size == written.size ? FitReport() : FitReport(.needsMigration, change)
        case .codable, .missing: return fit(codable: written, change)
        }
    }

    private func fit(own written: TypeSchema, _ change: String) -> FitReport {
        if !components.isEmpty && components.count == written.components.count && baseName == written.baseName {
            var report = FitReport()
            for (new, old) in zip(components, written.components) { report.add(new.match(old).report) }
            // Each component is read by a codec of its own, which knows what lies in it.
            report.nested = []
            if report.fit == .migrated && !recomposes {
                report.add(
                    FitReport(.needsMigration, "\(name) reads its parts itself, without the migrations of their types"))
            }
            return report
        }
        if name == written.name { return FitReport() }
        if let new = IntegerRange.named(name), let old = IntegerRange.named(written.name), new.isSigned == old.isSigned
        {
            // Bytes of 64-bit integers are alike, and shorter ones are among them.
            if new.bits == old.bits { return FitReport(.compatible, "\(written.name) is now \(name)") }
            if new.contains(old) { return FitReport(.compatible, "widened from \(written.name) to \(name)") }
        }
        return FitReport(.needsMigration, change)
    }

    private func fit(codable written: TypeSchema, _ change: String) -> FitReport {
        guard let shape, let old = written.shape else {
            return name == written.name ? FitReport() : FitReport(.needsMigration, change)
        }
        var report = shape.fitWithin(old)
        report.settleNested()
        if report.fit == .same && name != written.name {
            report.add(FitReport(.compatible, "\(written.name) is now called \(name)"))
        }
        return report
    }

    /// How keys of the schema `written` are read as this one and found again by their hashes.
    func matchKeys(_ written: TypeSchema) -> TypeMatch {
        let report = fit(written)
        let isWider = (form == .own || form == .ordered) && written.form == form && isWidenedKey(written)
        let isRenamed = form == .codable && shape?.isReordered(written.shape) ?? false
        if report.fit == .same || report.fit == .compatible && (isWider || isRenamed) {
            return TypeMatch(report: report)
        }
        return TypeMatch(
            report: FitReport(
                .incompatible,
                "keys changed from \(written.text) to \(text), and their hashes may be others"))
    }

    /// Whether only integers were widened, whose hash is the same for every width.
    private func isWidenedKey(_ written: TypeSchema) -> Bool {
        if !components.isEmpty {
            guard ["Swift.Optional", "StateBackend.Pair"].contains(baseName) || name == written.name else {
                return false
            }
            return zip(components, written.components).allSatisfy { $0.isWidenedKey($1) }
        }
        return name == written.name || IntegerRange.named(name) != nil
    }
}

extension TypeShape {
    /// Whether it has the same fields as `written`, if in another order, or the type another name.
    func isReordered(_ written: TypeShape?) -> Bool {
        guard let written, kind == written.kind, scalar == written.scalar, fields.count == written.fields.count,
            elements.count == written.elements.count
        else { return false }
        return zip(elements, written.elements).allSatisfy { $0.isReordered($1) }
            && fields.allSatisfy { field in
                written.fields.contains {
                    $0.name == field.name && $0.isRequired == field.isRequired && field.shape.isReordered($0.shape)
                }
            }
    }
}
