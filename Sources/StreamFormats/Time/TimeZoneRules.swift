#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The rules of a time zone: how far its clocks are from UTC, at any time.
///
/// They come from the system's time zone database (the files of RFC 9636), and hold for all times: before the first
/// change that the database knows its first local time does, after the last one the rule that the file ends with.
///
/// Days are those of the clocks there, and may have 23, 25 or other numbers of hours. A day begins when the clocks show
/// its date for the first time, or a later one: at the change when clocks skip midnight, at the first one of two
/// midnights, and together with the next day when the date was skipped as a whole.
public struct TimeZoneRules: Sendable, Equatable {
    /// A stretch of time with one offset, in seconds since 1970-01-01 UTC; the ends of time are `min` and `max`.
    struct Segment: Equatable {
        var start: Int64
        var end: Int64
        var offset: Int64
    }

    /// The zone's name, as it was asked for.
    public let name: String
    private let file: TimeZoneFile

    /// UTC, for which no database is needed.
    public static let utc = TimeZoneRules(name: "UTC", file: TimeZoneFile(fixedOffset: 0))

    init(name: String, file: TimeZoneFile) {
        self.name = name
        self.file = file
    }

    /// The rules of the zone of the given name: one of the system's database such as `Europe/Berlin`, a fixed offset
    /// such as `+05:30` or `-03`, or `UTC`.
    ///
    /// The database is looked for in the directory that the environment variable `TZDIR` names, or else in
    /// `/usr/share/zoneinfo`, `/usr/lib/zoneinfo` and `/usr/share/lib/zoneinfo`. Each call reads the file.
    public init(named name: String) throws(TimeZoneError) {
        var directories = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"]
        if let directory = getenv("TZDIR") { directories = [String(cString: directory)] }
        try self.init(named: name, in: directories)
    }

    init(named name: String, in directories: [String]) throws(TimeZoneError) {
        if name == "UTC" {
            self = .utc
            return
        }
        if let offset = Self.fixedOffset(name) {
            self.init(name: name, file: TimeZoneFile(fixedOffset: offset))
            return
        }
        guard Self.isName(name) else {
            throw TimeZoneError(
                code: .unknownZone,
                message: "'\(name)' is no name of a time zone; one looks like 'Europe/Berlin', 'UTC' or '+05:30'")
        }
        for directory in directories {
            guard let bytes = try Self.contents(of: directory + "/" + name) else { continue }
            do throws(TimeZoneFile.Problem) {
                self.init(name: name, file: try TimeZoneFile(bytes))
            } catch {
                throw TimeZoneError(
                    code: .malformedFile,
                    message:
                        "'\(directory)/\(name)' holds no time zone: \(error.message); reinstall the package 'tzdata'")
            }
            return
        }
        throw TimeZoneError(
            code: .unknownZone,
            message: "there is no time zone '\(name)' in \(directories.joined(separator: ", ")); check the name, and "
                + "that the package 'tzdata' is installed")
    }

    /// How far local time is ahead of UTC then, in seconds; negative west of Greenwich.
    ///
    /// - Parameter utcMilliseconds: milliseconds since 1970-01-01 UTC.
    public func offset(at utcMilliseconds: Int64) -> Int64 {
        file.segment(at: utcMilliseconds.flooredQuotient(by: 1_000)).offset
    }

    /// The local date then, in days since 1970-01-01.
    ///
    /// When clocks went back over midnight, this can be the day before the one that has begun already: see
    /// ``startOfDay(_:)``.
    public func localDay(at utcMilliseconds: Int64) -> Int64 {
        let seconds = utcMilliseconds.flooredQuotient(by: 1_000)
        let (local, overflow) = seconds.addingReportingOverflow(file.segment(at: seconds).offset)
        return (overflow ? seconds : local).flooredQuotient(by: 86_400)
    }

    /// When the clocks show a date, or a later one, for the first time: in milliseconds since 1970-01-01 UTC.
    ///
    /// Never decreases with the day. Saturates at the ends of `Int64`.
    ///
    /// - Parameter day: a local date, in days since 1970-01-01 (``CivilDate``).
    public func startOfDay(_ day: Int64) -> Int64 {
        // Beyond, milliseconds do not go; seconds still do.
        let midnight = min(max(day, -110_000_000_000), 110_000_000_000) * 86_400
        // No offset reaches two days, so the first time is not before this segment.
        var segment = file.segment(at: midnight - 2 * 86_400)
        while segment.end <= midnight - segment.offset { segment = file.segment(at: segment.end) }
        let (milliseconds, overflow) = max(segment.start, midnight - segment.offset)
            .multipliedReportingOverflow(by: 1_000)
        return overflow ? (midnight < 0 ? .min : .max) : milliseconds
    }

    /// When the day that holds a time began: the latest ``startOfDay(_:)`` that is not after it.
    public func startOfDay(containing utcMilliseconds: Int64) -> Int64 {
        var day = localDay(at: utcMilliseconds)
        // Clocks that went back show a day's last minutes again when the next day has begun.
        while true {
            let next = startOfDay(day + 1)
            if next > utcMilliseconds || next == .max { return startOfDay(day) }
            day += 1
        }
    }

    /// Names of the database, and nothing that leads out of it.
    private static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 255 else { return false }
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
        return allowed && !name.split(separator: "/", omittingEmptySubsequences: false).contains("")
    }

    /// The seconds that `+05:30`, `+0530` or `-03` stands for.
    private static func fixedOffset(_ name: String) -> Int64? {
        let text = Array(name.utf8)
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        var digits = Array(text.dropFirst())
        if digits.count == 5, digits[2] == UInt8(ascii: ":") { digits.remove(at: 2) }
        guard digits.count == 2 || digits.count == 4, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let values = digits.map { Int64($0) - 0x30 }
        let minutes = values.count == 4 ? values[2] * 10 + values[3] : 0
        let hours = values[0] * 10 + values[1]
        guard hours < 24, minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
    }

    /// A file's bytes, the first MiB of them; nil when there is no such file.
    private static func contents(of path: String) throws(TimeZoneError) -> [UInt8]? {
        do throws(FileError) {
            let file = try FileDescriptor(opening: path)
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while bytes.count < 1 << 20 {
                let count = try file.read(into: &buffer)
                if count == 0 { break }
                bytes.append(contentsOf: buffer[..<count])
            }
            return bytes
        } catch {
            if [ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG].contains(error.errno) { return nil }
            throw TimeZoneError(code: .malformedFile, message: error.message)
        }
    }
}

extension Int64 {
    /// The quotient, rounded down; `divisor` is positive.
    @inlinable
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
