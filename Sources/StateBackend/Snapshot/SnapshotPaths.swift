/// The names of a pipeline's objects in a storage.
///
/// `<pipeline>/snapshots/<id>/manifest` makes a snapshot; its files are `<pipeline>/files/<id>-<attempt>/<number>.<kind>`
/// of the snapshot that wrote them first. `<pipeline>/snapshots/<id>/writer-<attempt>` keeps the names of two writers of
/// one number apart: whoever puts it has that attempt's files for itself.
struct SnapshotPaths {
    let root: String

    init(pipeline: String) { root = Self.escape(pipeline) }

    var snapshots: String { root + "/snapshots/" }
    var files: String { root + "/files/" }

    func manifest(_ id: Int) -> String { snapshots + Self.padded(id) + "/manifest" }
    func claim(_ id: Int, attempt: Int) -> String { snapshots + Self.padded(id) + "/writer-\(attempt)" }
    func files(_ id: Int, attempt: Int) -> String { files + Self.padded(id) + "-\(attempt)/" }

    /// The snapshot's number from its manifest's name; nil where it is another object.
    func id(ofManifest name: String) -> Int? {
        guard name.hasPrefix(snapshots), name.hasSuffix("/manifest") else { return nil }
        guard let id = Int(name.dropFirst(snapshots.count).dropLast("/manifest".count)) else { return nil }
        return manifest(id) == name ? id : nil
    }

    /// The number of the snapshot that a file was written for, and the prefix that its writer had; nil where it is no
    /// file of a snapshot.
    func writer(ofFile name: String) -> (id: Int, prefix: String)? {
        guard name.hasPrefix(files) else { return nil }
        let parts = name.dropFirst(files.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let numbers = parts[0].split(separator: "-")
        guard numbers.count == 2, let id = Int(numbers[0]), let attempt = Int(numbers[1]) else { return nil }
        let prefix = files(id, attempt: attempt)
        return name.hasPrefix(prefix) ? (id, prefix) : nil
    }

    /// The snapshot's number and the files' prefix of a writer's claim.
    func writer(ofClaim name: String) -> (id: Int, prefix: String)? {
        guard name.hasPrefix(snapshots) else { return nil }
        let parts = name.dropFirst(snapshots.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = Int(parts[0]), parts[1].hasPrefix("writer-"),
            let attempt = Int(parts[1].dropFirst("writer-".count)), claim(id, attempt: attempt) == name
        else { return nil }
        return (id, files(id, attempt: attempt))
    }

    /// Whether a claim is that of a writer of one of these prefixes.
    func isInUse(claim name: String, _ prefixes: Set<String>) -> Bool {
        writer(ofClaim: name).map { prefixes.contains($0.prefix) } ?? false
    }

    /// The pipeline whose manifest has the given name.
    static func pipeline(ofManifest name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, let pipeline = unescape(parts[0]) else { return nil }
        return SnapshotPaths(pipeline: pipeline).id(ofManifest: name) == nil ? nil : pipeline
    }

    private static func padded(_ id: Int) -> String {
        let digits = String(id)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    /// A name as one part of a path: letters, digits, `-`, `_` and inner dots stay, other bytes become `%XX`.
    static func escape(_ name: String) -> String {
        if name.isEmpty { return "%" }
        let digits = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for (place, byte) in name.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                escaped.append(byte)
            case UInt8(ascii: ".") where place > 0: escaped.append(byte)
            default: escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func unescape(_ escaped: Substring) -> String? {
        if escaped == "%" { return "" }
        var bytes: [UInt8] = []
        var rest = Array(escaped.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        guard let name = String(validating: bytes, as: UTF8.self), escape(name) == escaped else { return nil }
        return name
    }
}
