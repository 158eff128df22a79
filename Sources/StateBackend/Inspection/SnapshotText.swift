/// What the command `weir snapshot` says of snapshots: as text for people and as JSON for scripts.
public enum SnapshotText {
    /// A snapshot of a list.
    public struct Entry: Sendable {
        /// The snapshot's number.
        public let id: Int
        /// What the snapshot holds; nil when its manifest can't be read.
        public let manifest: SnapshotManifest?
        /// What is wrong with it; nil when nothing is.
        public let fault: String?

        /// A snapshot.
        public init(id: Int, manifest: SnapshotManifest?, fault: String? = nil) {
            self.id = id
            self.manifest = manifest
            self.fault = fault
        }
    }

    /// A line for each snapshot.
    ///
    /// - Parameter now: the time, in milliseconds since 1970, from which ages are counted.
    public static func list(_ entries: [Entry], now: Int64) -> String {
        guard !entries.isEmpty else { return "no snapshots\n" }
        var rows = [["ID", "KIND", "BEGUN", "AGE", "SIZE", "NEW", "WORKERS", "STATE"]]
        for entry in entries {
            let state = entry.fault.map { "damaged: \($0)" } ?? "ok"
            guard let manifest = entry.manifest else {
                rows.append(["\(entry.id)", "", "", "", "", "", "", state])
                continue
            }
            rows.append([
                "\(entry.id)", manifest.kind.rawValue, time(manifest.begun), duration(now - manifest.begun),
                bytes(manifest.byteCount), bytes(manifest.writtenBytes), "\(manifest.parallelism)", state,
            ])
        }
        return table(rows)
    }

    /// As ``list(_:now:)``, a line of JSON for each snapshot.
    public static func listJSON(_ entries: [Entry], now: Int64) -> String {
        entries.map { entry in
            var output = JSONOutput()
            output.object {
                $0.field("id", entry.id)
                if let manifest = entry.manifest {
                    $0.field("pipeline", manifest.pipeline)
                    $0.field("kind", manifest.kind.rawValue)
                    $0.field("begun", manifest.begun)
                    $0.field("finished", manifest.finished)
                    $0.field("ageMilliseconds", now - manifest.begun)
                    $0.field("bytes", manifest.byteCount)
                    $0.field("newBytes", manifest.writtenBytes)
                    $0.field("parallelism", manifest.parallelism)
                }
                $0.field("ok", entry.fault == nil)
                if let fault = entry.fault { $0.field("fault", fault) }
            }
            return output.text + "\n"
        }.joined()
    }

    /// Everything that a snapshot's manifest says, beside the rows.
    public static func show(_ manifest: SnapshotManifest) -> String {
        var text = table([
            ["pipeline", manifest.pipeline],
            ["snapshot", "\(manifest.id), a \(manifest.kind.rawValue)"],
            ["begun", "\(time(manifest.begun)), took \(manifest.finished - manifest.begun) ms"],
            ["workers", "\(manifest.parallelism), key groups \(manifest.keyGroups)"],
            [
                "size",
                "\(bytes(manifest.byteCount)) in \(manifest.files.count) files, \(bytes(manifest.writtenBytes)) new",
            ],
        ])
        text += section(
            "sources", ["SOURCE", "SPLIT", "POSITION", "WATERMARK"],
            manifest.positions.map { [$0.source, $0.split, $0.position, watermark($0.watermark)] })
        text += section(
            "steps", ["STEP", "WATERMARK", "CAPTURE"],
            manifest.steps.map {
                [$0.name, watermark($0.watermark), "\($0.captureNanoseconds / 1_000) µs"]
            })
        text += section(
            "states", ["STEP", "STATE", "ROWS", "SIZE", "IN", "HOLDS"],
            manifest.steps.flatMap { step in
                step.parts.map { part in
                    [
                        step.name, part.name, rowCount(part), bytes(part.byteCount), part.isStored ? "store" : "files",
                        part.schema.text,
                    ]
                }
            })
        text += section(
            "stores", ["BACKEND", "WORKER", "KEY GROUPS", "FILES"],
            manifest.stores.map {
                [
                    $0.backend, "\($0.worker)", "\($0.groups.lowerBound)..<\($0.groups.upperBound)",
                    "\($0.members.count)",
                ]
            })
        text += section(
            "files", ["FILE", "SIZE", "CRC-32C"],
            manifest.files.map { [$0.object, bytes($0.byteCount), checksum($0.checksum)] })
        return text
    }

    /// As ``show(_:)``, one JSON object.
    public static func showJSON(_ manifest: SnapshotManifest) -> String {
        var output = JSONOutput()
        output.object {
            $0.field("pipeline", manifest.pipeline)
            $0.field("id", manifest.id)
            $0.field("kind", manifest.kind.rawValue)
            $0.field("begun", manifest.begun)
            $0.field("finished", manifest.finished)
            $0.field("parallelism", manifest.parallelism)
            $0.field("keyGroups", manifest.keyGroups)
            $0.field("bytes", manifest.byteCount)
            $0.field("newBytes", manifest.writtenBytes)
            list("positions", manifest.positions, &$0) {
                $1.field("source", $0.source)
                $1.field("split", $0.split)
                $1.field("position", $0.position)
                $1.field("watermark", $0.watermark)
            }
            list("steps", manifest.steps, &$0) { step, output in
                output.field("name", step.name)
                output.field("watermark", step.watermark)
                list("states", step.parts, &output) {
                    $1.field("name", $0.name)
                    $1.field("kind", $0.schema.kind)
                    if let key = $0.schema.key { $1.field("key", key.text) }
                    if let value = $0.schema.value { $1.field("value", value.text) }
                    $1.field("rows", $0.rowCount)
                    $1.field("bytes", $0.byteCount)
                    $1.field("stored", $0.isStored)
                }
            }
            list("files", manifest.files, &$0) {
                $1.field("object", $0.object)
                $1.field("bytes", $0.byteCount)
                $1.field("crc32c", checksum($0.checksum))
            }
        }
        return output.text + "\n"
    }

    /// A line for each state that is in one of two snapshots.
    public static func differences(_ differences: [SnapshotDifference]) -> String {
        table(
            [["STEP", "STATE", "ADDED", "REMOVED", "CHANGED", "UNCHANGED", "SCHEMA", "BEFORE", "AFTER"]]
                + differences.map {
                    [
                        $0.step, $0.state, "\($0.added)", "\($0.removed)", "\($0.changed)", "\($0.unchanged)",
                        $0.compatibility.label, $0.compatibility.written?.text ?? "-",
                        $0.compatibility.current?.text ?? "-",
                    ]
                })
    }

    /// As ``differences(_:)``, a line of JSON for each state.
    public static func differencesJSON(_ differences: [SnapshotDifference]) -> String {
        differences.map { difference in
            var output = JSONOutput()
            output.object {
                $0.field("step", difference.step)
                $0.field("state", difference.state)
                $0.field("added", difference.added)
                $0.field("removed", difference.removed)
                $0.field("changed", difference.changed)
                $0.field("unchanged", difference.unchanged)
                $0.field("schemaChanged", difference.hasOtherSchema)
                let compatibility = difference.compatibility
                $0.field("schema", compatibility.label)
                if let written = compatibility.written { $0.field("before", written.text) }
                if let current = compatibility.current { $0.field("after", current.text) }
                $0.name("reasons")
                $0.array { output in for reason in compatibility.reasons { output.value(reason) } }
            }
            return output.text + "\n"
        }.joined()
    }

    /// What reading every file of a snapshot has shown.
    ///
    /// - Parameter manifest: what the snapshot holds; nil when its manifest can't be read.
    public static func verification(_ id: Int, _ manifest: SnapshotManifest?, _ faults: [SnapshotError]) -> String {
        let extent = manifest.map { "\($0.files.count) files, \($0.byteCount) bytes: " } ?? ""
        return "snapshot \(id): \(extent)\(faults.isEmpty ? "ok" : "damaged")\n"
            + faults.map { "  \($0)\n" }.joined()
    }

    /// As ``verification(_:_:_:)``, a line of JSON.
    public static func verificationJSON(
        _ id: Int, _ manifest: SnapshotManifest?, _ faults: [SnapshotError]
    ) -> String {
        var output = JSONOutput()
        output.object {
            $0.field("id", id)
            if let manifest {
                $0.field("files", manifest.files.count)
                $0.field("bytes", manifest.byteCount)
            }
            $0.field("ok", faults.isEmpty)
            $0.name("faults")
            $0.array { output in for fault in faults { output.value("\(fault)") } }
        }
        return output.text + "\n"
    }

    /// A row that differs, as a line of JSON with its change and its values before and after.
    public static func rowJSON(
        _ change: SnapshotDifference.Change, _ before: SnapshotRow?, _ after: SnapshotRow?
    ) -> String {
        var output = JSONOutput()
        output.object {
            guard let row = before ?? after else { return }
            $0.field("change", change.rawValue)
            $0.field("step", row.step)
            $0.field("state", row.state)
            $0.field("key", json: row.key ?? "null")
            if let before { $0.field("before", json: before.value) }
            if let after { $0.field("after", json: after.value) }
        }
        return output.text + "\n"
    }

    private static func list<Element>(
        _ name: String, _ elements: [Element], _ output: inout JSONOutput,
        _ body: (Element, inout JSONOutput) -> Void
    ) {
        output.name(name)
        output.array { output in
            for element in elements { output.object { body(element, &$0) } }
        }
    }

    /// Rows of several layers may be of one key, so their number is the most that there can be.
    private static func rowCount(_ part: SnapshotManifest.Part) -> String {
        let workers = Set(part.layers.map(\.worker)).count
        return (part.layers.count > workers ? "≤ " : "") + "\(part.rowCount)"
    }
}
