extension TypeShape {
    /// How values of the shape `written` are read as this one, if need be by a migration that the type brings.
    ///
    /// A shape never needs more than a migration.
    ///
    /// - Parameter path: where the value is, for the reasons.
    func fit(_ written: TypeShape, at path: String = "") -> FitReport {
        var direct = fitWithin(written, at: path)
        guard let migrations else { return direct }
        guard direct.fit > .compatible, let migration = migrations.find(written) else {
            direct.add(nested: NestedMigration(type: migrations.type, name: name, written: nil, read: nil))
            return direct
        }
        var report = FitReport(.migrated, "\(Self.subject(path)): a migration reads \(written.name)")
        report.add(nested: migration)
        return report
    }

    /// As ``fit(_:at:)``, without migrations of the type itself, but for those of types within.
    func fitWithin(_ written: TypeShape, at path: String = "") -> FitReport {
        if kind == .optional && written.kind != .optional, let wrapped = elements.first {
            var report = wrapped.fit(written, at: path)
            report.add(FitReport(.compatible, "\(Self.subject(path)) became optional"))
            return report
        }
        if kind == .unknown || written.kind == .unknown {
            if name == written.name { return FitReport() }
            return broken(written, path, "of whose fields nothing can be told")
        }
        if kind == .floating && written.kind == .integer { return fit(integer: written, path) }
        guard kind == written.kind else { return broken(written, path) }
        switch kind {
        case .bool, .string, .recursion: return FitReport()
        case .integer: return fit(integer: written, path)
        case .floating:
            if scalar == written.scalar { return FitReport() }
            guard scalar == "Double" else { return broken(written, path, "which holds less") }
            return FitReport(.compatible, "\(Self.subject(path)) was widened from \(written.scalar) to \(scalar)")
        case .optional, .list: return inner(0, written, path, kind == .list ? "[]" : "")
        case .map:
            // Which keys they are decides how a dictionary is written.
            guard elements.count == 2, written.elements.count == 2, elements[0] == written.elements[0] else {
                return broken(written, path, "whose keys are others")
            }
            var report = inner(0, written, path, "[]")
            report.add(inner(1, written, path, "[]"))
            return report
        case .tuple:
            guard elements.count <= written.elements.count else {
                return broken(written, path, "which has more elements")
            }
            var report = FitReport(elements.count == written.elements.count ? .same : .compatible)
            for index in elements.indices { report.add(inner(index, written, path, "[\(index)]")) }
            return report
        case .fields: return fit(fields: written, path)
        case .choice: return fit(cases: written, path)
        default: return broken(written, path)
        }
    }

    private func inner(_ index: Int, _ written: TypeShape, _ path: String, _ suffix: String) -> FitReport {
        guard index < elements.count, index < written.elements.count else { return broken(written, path) }
        return elements[index].fit(written.elements[index], at: path + suffix)
    }

    private func fit(integer written: TypeShape, _ path: String) -> FitReport {
        guard let old = IntegerRange.named(written.scalar) else { return broken(written, path) }
        if scalar == written.scalar { return FitReport() }
        let holds =
            kind == .floating
            ? old.fits(significantBits: scalar == "Double" ? 53 : 24)
            : IntegerRange.named(scalar)?.contains(old) ?? false
        guard holds else { return broken(written, path, "which does not hold every value") }
        return FitReport(.compatible, "\(Self.subject(path)) was widened from \(written.scalar) to \(scalar)")
    }

    private func fit(fields written: TypeShape, _ path: String) -> FitReport {
        var report = FitReport()
        for field in fields {
            let place = path.isEmpty ? field.name : "\(path).\(field.name)"
            guard let old = written.fields.first(where: { $0.name == field.name }) else {
                report.add(
                    field.isRequired
                        ? FitReport(
                            .needsMigration,
                            "field \(place): \(field.shape.text) is new and neither optional nor defaulted")
                        : FitReport(.compatible, "field \(place) is new"))
                continue
            }
            if field.isRequired && !old.isRequired {
                report.add(
                    FitReport(.needsMigration, "field \(place) was optional, and values without it can't be read"))
            } else if !field.isRequired && old.isRequired {
                report.add(FitReport(.compatible, "field \(place) became optional"))
            }
            report.add(field.shape.fit(old.shape, at: place))
        }
        let names = fields.map(\.name)
        for old in written.fields where !names.contains(old.name) {
            report.add(FitReport(.compatible, "field \(path.isEmpty ? "" : path + ".")\(old.name) was removed"))
        }
        let kept = written.fields.map(\.name)
        if names.filter(kept.contains) != kept.filter(names.contains) {
            report.add(FitReport(.compatible, "the fields\(path.isEmpty ? "" : " of \(path)") were reordered"))
        }
        return report
    }

    private func fit(cases written: TypeShape, _ path: String) -> FitReport {
        var report = FitReport()
        for old in written.fields {
            guard let new = fields.first(where: { $0.name == old.name }) else {
                report.add(FitReport(.needsMigration, "case \(old.name) was removed"))
                continue
            }
            report.add(new.shape.fit(old.shape, at: path.isEmpty ? old.name : "\(path).\(old.name)"))
        }
        for new in fields where !written.fields.contains(where: { $0.name == new.name }) {
            report.add(FitReport(.compatible, "case \(new.name) is new"))
        }
        return report
    }

    private func broken(_ written: TypeShape, _ path: String, _ why: String = "") -> FitReport {
        let change = "\(Self.subject(path)) changed from \(written.text) to \(text)"
        return FitReport(.needsMigration, why.isEmpty ? change : "\(change), \(why)")
    }

    private static func subject(_ path: String) -> String { path.isEmpty ? "the value" : "field \(path)" }
}
