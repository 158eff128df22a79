import Testing
import Workloads

@testable import HandLoops

struct AdLineScannerTests {
    private func scan(_ line: String) -> Ad? {
        let bytes = Array(line.utf8) + [10] + [UInt8](repeating: 0, count: 32)
        let out = UnsafeMutablePointer<Ad>.allocate(capacity: 1)
        defer { out.deallocate() }
        let isWhole = bytes.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { AdLineScanner.scan($0, line.utf8.count, into: out) } ?? false
        }
        return isWhole ? out.pointee : nil
    }

    @Test(arguments: [
        #"{"user_id":12,"ad_id":345,"event_type":"click","event_time":1700000000123}"#,
        #"{"event_time":1700000000123,"event_type":"click","ad_id":345,"user_id":12}"#,
        #" { "user_id" : 12 , "ad_id" : 345 , "event_type" : "click" , "event_time" : 1700000000123 } "#,
        #"{"x":{"user_id":9,"a":["}",{"b":"\"]"}]},"user_id":12,"ad_id":345,"n":-1.5e3,"t":true,"#
            + #""event_type":"click","event_time":1700000000123,"long":"0123456789 0123456789 \" \\ 0123456789"}"#,
    ])
    func accepted(line: String) {
        #expect(scan(line) == Ad(user: 12, ad: 345, type: Ad.click, value: 0, ts: 1_700_000_000_123))
    }

    @Test(arguments: [
        "", "{}", "null",
        #"{"user_id":12,"ad_id":345,"event_type":"click"}"#,
        #"{"user_id":12,"ad_id":345,"event_type":"click","event_time":1700000000123"#,
        #"{"user_id":12,"ad_id":345,"event_type":"click","event_time":1700000000123}}"#,
        #"{"user_id":"12","ad_id":345,"event_type":"click","event_time":1700000000123}"#,
        #"{"user_id":12.5,"ad_id":345,"event_type":"click","event_time":1700000000123}"#,
        #"{"user_id":12,"ad_id":1000,"event_type":"click","event_time":1700000000123}"#,
        #"{"user_id":12,"ad_id":345,"event_type":"click,"event_time":1700000000123}"#,
        #"{"user_id":12,"ad_id":345,"event_type":"click","event_time":17000000001230000000}"#,
        #"{"user_id":12,"ad_id":345,"event_type":"click","event_time":1700000000123,"open":"a"#,
        #"{"user_id":12,"ad_id":345,"event_type":"click","event_time":1700000000123,"open":["a"}"#,
    ])
    func refused(line: String) {
        #expect(scan(line) == nil)
    }
}
