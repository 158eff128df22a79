import Testing
import Workloads

/// The test vectors of the workloads' definition.
struct GeneratorTests {
    struct Vector: Sendable {
        let isUniform: Bool
        let rate: Int64
        let users: Int64
        let index: Int64
        let ad: Ad

        init(_ name: String, _ rate: Int64, _ users: Int64, _ index: Int64, _ fields: [Int64]) {
            isUniform = name == "ads-u"
            self.rate = rate
            self.users = users
            self.index = index
            ad = Ad(
                user: fields[0], ad: Int32(fields[1]), type: Int32(fields[2]), value: Int32(fields[3]), ts: fields[4])
        }
    }

    static let vectors = [
        Vector("ads-u", 10_000, 1_000_000, 0, [187186, 195, 2, 766, 1_700_000_000_083]),
        Vector("ads-u", 10_000, 1_000_000, 1, [919188, 924, 2, 3764, 1_700_000_000_041]),
        Vector("ads-u", 10_000, 1_000_000, 4, [180209, 339, 2, 738, 1_700_000_000_092]),
        Vector("ads-u", 10_000, 1_000_000, 12345, [243891, 485, 2, 998, 1_700_000_001_238]),
        Vector("ads-u", 10_000, 1_000_000, 999_999, [567224, 475, 0, 2323, 1_700_000_100_070]),
        Vector("ads-s", 10_000, 10_000, 0, [4938, 495, 2, 766, 1_700_000_000_083]),
        Vector("ads-s", 10_000, 10_000, 1, [4914, 51, 2, 3764, 1_700_000_000_041]),
        Vector("ads-s", 10_000, 10_000, 4, [1761, 322, 2, 738, 1_700_000_000_092]),
        Vector("ads-s", 10_000, 10_000, 12345, [5005, 532, 2, 998, 1_700_000_001_238]),
        Vector("ads-s", 10_000, 10_000, 999_999, [5969, 784, 0, 2323, 1_700_000_100_070]),
        Vector("ads-u", 1_000_000, 1_000_000, 0, [187186, 195, 2, 766, 1_700_000_000_083]),
        Vector("ads-u", 1_000_000, 1_000_000, 1, [919188, 924, 2, 3764, 1_700_000_000_041]),
        Vector("ads-u", 1_000_000, 1_000_000, 4, [180209, 339, 2, 738, 1_700_000_000_092]),
        Vector("ads-u", 1_000_000, 1_000_000, 12345, [243891, 485, 2, 998, 1_700_000_000_016]),
        Vector("ads-u", 1_000_000, 1_000_000, 999_999, [567224, 475, 0, 2323, 1_700_000_001_070]),
        Vector("ads-s", 1_000_000, 1_000_000, 0, [11283, 534, 2, 766, 1_700_000_000_083]),
        Vector("ads-s", 1_000_000, 1_000_000, 1, [761282, 356, 2, 3764, 1_700_000_000_041]),
        Vector("ads-s", 1_000_000, 1_000_000, 4, [37574, 446, 2, 738, 1_700_000_000_092]),
        Vector("ads-s", 1_000_000, 1_000_000, 12345, [250524, 934, 2, 998, 1_700_000_000_016]),
        Vector("ads-s", 1_000_000, 1_000_000, 999_999, [34625, 603, 0, 2323, 1_700_000_001_070]),
    ]

    @Test(arguments: vectors)
    func event(_ vector: Vector) {
        let ad =
            vector.isUniform
            ? AdsUniform(rate: vector.rate, users: vector.users).event(vector.index)
            : AdsSessions(rate: vector.rate, users: vector.users).event(vector.index)
        #expect(ad == vector.ad)
    }

    @Test func mixIsSplitmix64() {
        #expect(mix(0) == 0xE220_A839_7B1D_CDAF)
        #expect(mix(42) == 0xBDD7_3226_2FEB_6E95)
    }

    /// Batches of any stride hold the same events as one call per event, and the sessions formula with a division.
    @Test(arguments: [10, 999, 1000, 10_000, 1_000_000] as [Int64], [1, 3, 100_003] as [Int64])
    func fill(rate: Int64, stride: Int64) {
        let generator = AdsSessions(rate: rate, users: 1000)
        let count = 3000
        let first = 5 * rate - 7
        let out = UnsafeMutablePointer<Ad>.allocate(capacity: count)
        defer { out.deallocate() }
        var clock = EventClock(rate: rate, first: first)
        let base = generator.fill(out, count: count, first: first, stride: stride, clock: &clock)
        #expect(base == (first + Int64(count - 1) * stride) * 1000 / rate)
        for at in 0..<count {
            let index = first + Int64(at) * stride
            let slot = ((mix(42 + UInt64(index)) & 0xFFFF_FFFF) * UInt64(rate / 10)) >> 32
            let change = UInt64((index + 50 * Int64(slot)) / (5 * rate))
            let visitor = mix((42 ^ 0xA5A5_A5A5_A5A5_A5A5) &+ change * UInt64(rate / 10) + slot)
            let user = Int64(((visitor & 0xFFFF_FFFF) * 1000) >> 32)
            guard out[at] == generator.event(index), out[at].user == user else {
                Issue.record("event \(index) differs")
                return
            }
        }
    }

    static let jsonLines = [
        #"{"user_id":1871,"page_id":"bdd732262feb6e95","ad_id":195,"ad_type":"banner78","#
            + #""event_type":"purchase","event_time":1700000000083,"ip_address":"1.2.3.4"}"#,
        #"{"user_id":2438,"page_id":"f50b7c5c3e6fa972","ad_id":485,"ad_type":"banner78","#
            + #""event_type":"purchase","event_time":1700000001238,"ip_address":"1.2.3.4"}"#,
    ]

    @Test(arguments: zip([0, 12_345] as [Int64], jsonLines))
    func jsonLine(index: Int64, line: String) {
        #expect(written(AdsUniform(rate: 10_000, users: 10_000).event(index), index: index) == line)
        #expect(AdLines(rate: 10_000, users: 10_000).event(index) == Array(line.utf8)[...])
    }

    @Test(arguments: [1, 3] as [Int64])
    func jsonLinesOfABatch(stride: Int64) {
        let lines = AdLines(rate: 10_000, users: 10_000)
        let out = UnsafeMutablePointer<ArraySlice<UInt8>>.allocate(capacity: 100)
        defer { out.deallocate() }
        var clock = EventClock(rate: 10_000, first: 7)
        #expect(lines.fill(out, count: 100, first: 7, stride: stride, clock: &clock) == (7 + 99 * stride) / 10)
        for at in 0..<100 { #expect(out[at] == lines.event(7 + Int64(at) * stride)) }
        out.deinitialize(count: 100)
    }

    /// Every length of number against the standard library's rendering.
    @Test(arguments: [0, 9, 10, 99_999_999, 100_000_000, 10_000_000_000_000_000, Int64.max])
    func jsonNumbers(number: Int64) {
        let types = ["view", "click", "purchase"]
        for type in 0..<3 {
            let line = written(Ad(user: number, ad: 7, type: Int32(type), value: 0, ts: number), index: 0)
            #expect(
                line == #"{"user_id":\#(number),"page_id":"bdd732262feb6e95","ad_id":7,"ad_type":"banner78","#
                    + #""event_type":"\#(types[type])","event_time":\#(number),"ip_address":"1.2.3.4"}"#)
        }
    }

    private func written(_ ad: Ad, index: Int64) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: AdJSON.lineCapacity) { buffer, count in
            if let start = buffer.baseAddress { count = AdJSON.write(ad, index: index, to: start) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
