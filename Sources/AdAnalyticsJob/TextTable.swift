/// A table in plain text.
struct TextTable {
    let title: String
    let columns: [String]
    /// The number of columns that are aligned to the left.
    let leftAligned: Int
    private var rows: [[String]] = []

    init(title: String, columns: [String], leftAligned: Int) {
        self.title = title
        self.columns = columns
        self.leftAligned = leftAligned
    }

    mutating func add(_ row: [String]) { rows.append(row.map { Self.shortened($0) }) }

    var text: String {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            cells.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column < leftAligned ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        let body = rows.isEmpty ? ["(none)"] : rows.map(line)
        return ([title, line(columns), rule] + body).joined(separator: "\n")
    }

    /// At most 40 characters, none of which moves a terminal's cursor.
    private static func shortened(_ cell: String) -> String {
        var text = ""
        for scalar in cell.unicodeScalars {
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
        return text.count > 40 ? String(text.prefix(39)) + "…" : text
    }

    /// With separators between thousands.
    static func number(_ value: some BinaryInteger) -> String {
        let digits = String(value.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return value < 0 ? "-" + grouped : grouped
    }

    /// Two decimals.
    static func decimal(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(number(hundredths / 100)).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    static func percent(_ share: Double) -> String { decimal(share * 100) + " %" }

    /// Millionths as units with two decimals.
    static func money(_ micros: Int64) -> String {
        let hundredths = micros / 10_000
        let fraction = hundredths % 100
        return "\(number(hundredths / 100)).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    /// Milliseconds as minutes and seconds.
    static func duration(_ milliseconds: Double) -> String {
        let seconds = Int((milliseconds / 1_000).rounded())
        return "\(seconds / 60) min \(seconds % 60) s"
    }
}
