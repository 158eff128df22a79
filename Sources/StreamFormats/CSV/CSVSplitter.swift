/// Splits the bytes of one CSV record into fields.
enum CSVSplitter {
    enum Outcome {
        /// How many fields the record has; those that fit were stored.
        case fields(Int)
        case strayQuote(at: Int)
        case afterQuote(at: Int)
        case openQuote
    }

    static func split(
        _ bytes: UnsafeRawBufferPointer, by delimiter: UInt8, into fields: UnsafeMutableBufferPointer<CSVRow.Field>
    ) -> Outcome {
        guard let base = bytes.baseAddress else {
            store(0, 0, false, 0, fields)
            return .fields(1)
        }
        let end = bytes.count
        var count = 0
        var start = 0
        while true {
            if start < end, bytes[start] == 0x22 {
                var quote = start + 1
                var hasQuotes = false
                while true {
                    quote = next(0x22, base, from: quote, to: end)
                    if quote == end { return .openQuote }
                    guard quote + 1 < end, bytes[quote + 1] == 0x22 else { break }
                    hasQuotes = true
                    quote += 2
                }
                store(start + 1, quote, hasQuotes, count, fields)
                count += 1
                if quote + 1 == end { return .fields(count) }
                guard bytes[quote + 1] == delimiter else { return .afterQuote(at: quote + 1) }
                start = quote + 2
                continue
            }
            // Plain fields: walk the delimiters and quotes of eight bytes at a time, until a quote or the end.
            var index = start
            var quoteAt = -1
            words: while end - index >= 8 {
                let word = (base + index).word
                let quotes = WordScan.matches(word, 0x22)
                var stops = WordScan.matches(word, delimiter) | quotes
                while stops != 0 {
                    let place = index + stops.trailingZeroBitCount &>> 3
                    if quotes & (stops & (0 &- stops)) != 0 {
                        quoteAt = place
                        break words
                    }
                    store(start, place, false, count, fields)
                    count += 1
                    start = place + 1
                    stops &= stops &- 1
                }
                index += 8
            }
            if quoteAt < 0 {
                while index < end {
                    let byte = (base + index).byte
                    if byte == delimiter {
                        store(start, index, false, count, fields)
                        count += 1
                        start = index + 1
                    } else if byte == 0x22 {
                        quoteAt = index
                        break
                    }
                    index += 1
                }
            }
            if quoteAt >= 0 {
                guard quoteAt == start else { return .strayQuote(at: quoteAt) }
                continue
            }
            store(start, end, false, count, fields)
            return .fields(count + 1)
        }
    }

    @inline(__always)
    private static func store(
        _ start: Int, _ end: Int, _ hasQuotes: Bool, _ index: Int, _ fields: UnsafeMutableBufferPointer<CSVRow.Field>
    ) {
        guard index < fields.count else { return }
        fields[index] = CSVRow.Field(
            start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: end - start),
            hasQuotes: hasQuotes)
    }

    /// Where the byte is next, or the end.
    private static func next(_ byte: UInt8, _ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
        var index = start
        while end - index >= 8 {
            let match = WordScan.firstMatch((base + index).word, byte)
            if match != 0 { return index + match.trailingZeroBitCount &>> 3 }
            index += 8
        }
        while index < end, (base + index).byte != byte { index += 1 }
        return index
    }
}
