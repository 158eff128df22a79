/// Appends lines to a buffer of bytes, valid and malformed ones.
struct GeneratorLineFormat {
    /// How a malformed line is malformed.
    enum Flaw: Int, CaseIterable {
        case truncated, wordForTime, timeBeyondInt64, unknownType, missingUser, binaryJunk, invalidUTF8
    }

    private let format: AdEventGeneratorOptions.Format
    private let catalogue: GeneratorCatalogue
    private let tenants: Int32
    /// Makes the ids of one seed differ from those of another; the ids of one file stay distinct.
    private let salt: UInt64

    init(_ options: AdEventGeneratorOptions) {
        format = options.format
        catalogue = GeneratorCatalogue(campaigns: options.campaignsPerTenant)
        tenants = Int32(options.tenants)
        salt = GeneratorRandom.mix(options.seed)
    }

    func appendHeader(to bytes: inout [UInt8]) {
        guard format == .csv else { return }
        bytes.append("event_id,event_time,type,tenant,user,campaign,ad,product,price_micros,quantity\n")
    }

    func append(_ event: GeneratorEvent, to bytes: inout [UInt8]) {
        append(event, flaw: nil, to: &bytes)
        bytes.append(0x0A)
    }

    func appendMalformed(
        _ event: GeneratorEvent, flaw: Flaw, random: inout GeneratorRandom, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        if flaw == .binaryJunk {
            // Zero and 0xFF: neither text nor UTF-8. No line ends or quotes, so that it stays one line in every format.
            bytes.append(contentsOf: [0x00, 0xFF])
            for _ in 0..<20 + random.below(60) {
                let byte = UInt8(truncatingIfNeeded: random.next())
                bytes.append([0x0A, 0x0D, 0x22].contains(byte) ? 0xFE : byte)
            }
        } else {
            append(event, flaw: flaw, to: &bytes)
            if flaw == .truncated {
                // Cut where it is noticed: before the last brace, or before the last comma.
                let end = format == .csv ? bytes.lastIndex(of: 0x2C) ?? bytes.count - 1 : bytes.count - 1
                bytes.removeLast(bytes.count - (start + 1 + random.below(end - start - 1)))
            }
        }
        bytes.append(0x0A)
    }

    // MARK: Fields

    private func append(_ event: GeneratorEvent, flaw: Flaw?, to bytes: inout [UInt8]) {
        let isJSON = format == .jsonLines
        bytes.append(isJSON ? "{\"event_id\":\"e-" : "e-")
        bytes.appendHex(GeneratorRandom.mix(event.id ^ salt))
        bytes.append(isJSON ? "\",\"event_time\":" : ",")
        switch flaw {
        case .wordForTime: bytes.append(isJSON ? "\"yesterday\"" : "yesterday")
        case .timeBeyondInt64: bytes.append("17723232001230000000000")
        default: bytes.append(event.time)
        }
        bytes.append(isJSON ? ",\"type\":\"" : ",")
        bytes.append(flaw == .unknownType ? "wishlist" : event.kind.name)
        bytes.append(isJSON ? "\",\"tenant\":\"shop-" : ",shop-")
        bytes.append(Int64(event.tenant) + 1)
        if flaw == .missingUser {
            bytes.append(isJSON ? "\"" : ",")
        } else {
            bytes.append(isJSON ? "\",\"user\":\"u-" : ",u-")
            bytes.append(Int64(event.tenant) + 1)
            bytes.append("-")
            bytes.append(Int64(event.user / tenants), digits: 6)
            if flaw == .invalidUTF8 { bytes.append(contentsOf: [0xC3, 0x28]) }
            if isJSON { bytes.append(0x22) }
        }
        appendAd(event, to: &bytes)
        appendProduct(event, to: &bytes)
        if isJSON { bytes.append("}") }
    }

    private func appendAd(_ event: GeneratorEvent, to bytes: inout [UInt8]) {
        let isJSON = format == .jsonLines
        guard event.campaign >= 0 else {
            if !isJSON { bytes.append(",,") }
            return
        }
        let campaign = catalogue.campaigns[Int(event.campaign)]
        bytes.append(isJSON ? ",\"campaign\":\"" : ",")
        bytes.append(contentsOf: campaign)
        bytes.append(isJSON ? "\",\"ad\":\"" : ",")
        bytes.append(contentsOf: campaign)
        bytes.append("-")
        bytes.append(Int64(event.ad) + 1)
        if isJSON { bytes.append(0x22) }
    }

    private func appendProduct(_ event: GeneratorEvent, to bytes: inout [UInt8]) {
        let isJSON = format == .jsonLines
        if event.product >= 0 {
            bytes.append(isJSON ? ",\"product\":\"p-" : ",p-")
            bytes.append(Int64(event.tenant) + 1)
            bytes.append("-")
            bytes.append(Int64(event.product) + 1, digits: 4)
            if isJSON { bytes.append(0x22) }
        } else if !isJSON {
            bytes.append(",")
        }
        if event.quantity > 0 {
            bytes.append(isJSON ? ",\"price_micros\":" : ",")
            bytes.append(event.price)
            bytes.append(isJSON ? ",\"quantity\":" : ",")
            bytes.append(Int64(event.quantity))
        } else if !isJSON {
            bytes.append(",,")
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// A decimal number with at least `digits` digits.
    fileprivate mutating func append(_ value: Int64, digits: Int = 1) {
        if value < 0 { append(0x2D) }
        var rest = value.magnitude
        let start = count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            append(0x30 + UInt8(digit))
            rest = quotient
        } while rest > 0 || count - start < digits
        self[start...].reverse()
    }

    fileprivate mutating func appendHex(_ value: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
            append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
