import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing
import Weir

/// Rows of the job's own CSV and of the public data sets become events or dead letters.
struct CSVDecoderTests {
    static let header = "event_id,event_time,type,tenant,user,campaign,ad,product,price_micros,quantity"

    @Test("Own CSV")
    func own() async throws {
        let click = DecoderCase(",1772323200000,click,s,u,,,,,", is: AdEvent(.click))
        let valid = [
            click,
            DecoderCase(
                "e,1772323200000,basket,s,u,c,a,p,25,3",
                is: AdEvent(.basket, id: "e", campaign: "c", price: 25, quantity: 3)),
            DecoderCase(
                "\"e\",\"1772323200000\",\"click\",\"s\",\"u\",\"\",\"\",,\"7\",",
                is: AdEvent(.click, id: "e", price: 7)),
            DecoderCase(
                ",1772323200000,click,s,\"a, \"\"b\"\"\",,,,,", is: AdEvent(.click, user: "a, \"b\"")),
            DecoderCase(",2026-03-01T00:00:00Z,click,s,u,,,,,", is: AdEvent(.click)),
            DecoderCase(",2026-03-01 01:00:00.5+01:00,click,s,u,,,,,", is: AdEvent(.click, time: AdEvent.start + 500)),
            DecoderCase(
                ",4102444799999,click,s,0é,,,,9223372036854775807,0",
                is: AdEvent(.click, time: 4_102_444_799_999, user: "0é", price: .max, quantity: 0)),
            DecoderCase(Array(",1772323200000,click,s,u,,,,,2\r".utf8), .events([AdEvent(.click, quantity: 2)])),
            DecoderCase([], .skipped),
        ]
        let rejected: [(String, DecodeError.Code)] = [
            (",1772323200000,click,s,u,,,,", .columnCount), (",1772323200000,click,s,u,,,,,,", .columnCount),
            ("x", .columnCount), (Self.header, .typeMismatch),
            (",1772323200000,click,s,a\"b,,,,,", .syntax), (",1772323200000,click,s,\"a\"b,,,,,", .syntax),
            // An open quote ends with its line.
            (",1772323200000,click,s,\"u,,,,,", .truncated),
            (",,click,s,u,,,,,", .missingField), (",1772323200000,,s,u,,,,,", .missingField),
            (",1772323200000,click,,u,,,,,", .missingField), (",1772323200000,click,s,,,,,,", .missingField),
            (",yesterday,click,s,u,,,,,", .typeMismatch), (",2026-13-01,click,s,u,,,,,", .typeMismatch),
            (",17723232001230000000000,click,s,u,,,,,", .outOfRange), (",1772323200,click,s,u,,,,,", .outOfRange),
            (",12,click,s,u,,,,,", .outOfRange), (",-1772323200000,click,s,u,,,,,", .outOfRange),
            (",4102444800000,click,s,u,,,,,", .outOfRange), (",1772323200000,wishlist,s,u,,,,,", .unknownValue),
            (",1772323200000,other,s,u,,,,,", .unknownValue), (",1772323200000,click,s,u,,,,-1,", .outOfRange),
            (",1772323200000,click,s,u,,,,,-1", .outOfRange), (",1772323200000,click,s,u,,,,1.5,", .typeMismatch),
            (",1772323200000,click,s,u,,,,9223372036854775808,", .outOfRange),
            (",1772323200000,click,s,u,,,,x,", .typeMismatch),
        ]
        let broken =
            rejected.map { DecoderCase($0, rejected: $1) } + [
                .invalidUTF8(",1772323200000,click,s,␀,,,,,"), .invalidUTF8(",1772323200000,click,s,u,,␀,,,"),
            ]
        try await DecoderCase.check(valid + broken.flatMap { [$0, click] }, AdRecordFormat(.csv), header: Self.header)
    }

    @Test(
        "Columns in any order, under other names, among others; a tenant for all events",
        arguments: [
            ("type,quantity,price_micros,product,ad,campaign,user,tenant,event_time,event_id,more", "", nil),
            (
                "\u{FEFF}kind,quantity,price_micros,product,ad,campaign,\"u\",tenant,ts,event_id,\"a \"\"b\"\", c\"",
                "type=kind,user=u,event_time=ts", nil
            ),
            ("type,quantity,price_micros,product,ad,campaign,user,shop,event_time,event_id,tenant", "", "all"),
        ] as [(String, String, String?)])
    func columns(header: String, mapping: String, tenant: String?) async throws {
        var fields = try AdEventFields(mapping: mapping)
        fields.tenant = tenant
        let event = AdEvent(.view, id: "e", tenant: tenant ?? "s", user: "v", campaign: "c", price: 5, quantity: 4)
        try await DecoderCase.check(
            [DecoderCase("view,4,5,p,a,c,v,s,1772323200000,e,x", is: event)], AdRecordFormat(.csv, fields: fields),
            header: header)
    }

    @Test(
        "A file with another header is refused",
        arguments: [
            (AdEventFormat.csv, "event_id,event_time,type"), (.csv, "{}"), (.csv, header + ",user"),
            (.ga360, header), (.talkingdata, header), (.csv, "\"event_id"),
        ])
    func wrongHeader(format: AdEventFormat, header: String) async throws {
        let error = await #expect(throws: JobError.self) {
            try await DecoderCase.decode([Array("a,b".utf8)], AdRecordFormat(format), header: header)
        }
        #expect(error?.code == .sourceFailed)
        #expect(error?.cause is FormatError)
        #expect(error?.message.contains("lines") == true && error?.message.contains("header") == true)
    }

    @Test("Google Analytics rows")
    func ga360() async throws {
        let header =
            "ts_ms,type,user,session,hit,item,promo,campaign,source,medium,channel,country,device,price_micros,"
            + "qty,path,txn"
        func line(
            time: String = "1772323200000", _ type: String, user: String = "007", promo: String = "p|n|c|1",
            price: String = "", quantity: String = ""
        ) -> String {
            "\(time),\(type),\(user),1,2,GGOE,\(promo),(not set),google,organic,x,y,z,\(price),\(quantity),/home,"
        }
        func event(_ kind: AdEvent.Kind, campaign: String = "", price: Int64 = 0, quantity: Int64 = 0) -> AdEvent {
            AdEvent(
                kind, tenant: "google-merchandise-store", user: "007", campaign: campaign, price: price,
                quantity: quantity)
        }
        let others = ["pageview", "checkout", "remove", "impression", "click"]
        try await DecoderCase.check(
            others.map { DecoderCase(line($0), is: event(.other)) } + [
                DecoderCase(line("promo_view"), is: event(.impression, campaign: "p|n|c|1")),
                DecoderCase(line("promo_click"), is: event(.click, campaign: "p|n|c|1")),
                DecoderCase(line("promo_click", promo: ""), is: event(.click)),
                DecoderCase(line("view", price: "16990000"), is: event(.view, price: 16_990_000)),
                DecoderCase(line("cart", quantity: "2"), is: event(.basket, quantity: 2)),
                DecoderCase(
                    line("purchase", price: "9990000", quantity: "10000000000000000"),
                    is: event(.purchase, price: 9_990_000, quantity: 10_000_000_000_000_000)),
                DecoderCase(line(""), rejected: .missingField),
                DecoderCase(line("view", user: ""), rejected: .missingField),
                DecoderCase(line(time: "", "view"), rejected: .missingField),
                DecoderCase(line(time: "2026-03-01", "view"), rejected: .typeMismatch),
                DecoderCase(line(time: "1", "view"), rejected: .outOfRange),
                DecoderCase(line("view", price: "-1"), rejected: .outOfRange),
                DecoderCase(line("view", quantity: "-1"), rejected: .outOfRange),
                DecoderCase(line("view", quantity: "many"), rejected: .typeMismatch),
                DecoderCase(line("view,"), rejected: .columnCount), .invalidUTF8(line("view", promo: "␀")),
            ], AdRecordFormat(.ga360), header: header)
    }

    @Test("Revenue saturates")
    func revenue() {
        #expect(AdEvent(.purchase, price: 9_990_000, quantity: 10_000_000_000_000_000).revenueMicros == .max)
        #expect(AdEvent(.purchase, price: 9_990_000, quantity: 3).revenueMicros == 29_970_000)
    }

    @Test("TalkingData's clicks, with an install of some", arguments: ["", ".."])
    func talkingdata(junk: String) async throws {
        func line(
            ip: String = "1", channel: String = "379", time: String = "2026-03-01 00:00:00", attributed: String = "",
            _ flag: String
        ) -> String { "\(ip),12,2,13,\(channel),\(time),\(attributed),\(flag)" }
        let click = AdEvent(.click, tenant: "talkingdata", user: "1|2|13", campaign: "379")
        let install = AdEvent(
            .purchase, time: AdEvent.start + 86_400_000, tenant: "talkingdata", user: "1|2|13", part: 1)
        try await DecoderCase.check(
            [
                DecoderCase(line("0"), is: click),
                DecoderCase(line(attributed: "2026-03-02 00:00:00", "1"), is: click, install),
                DecoderCase(line(attributed: "2026-03-02 00:00:00", "0"), is: click),
                DecoderCase(line(channel: "", "0"), is: AdEvent(.click, tenant: "talkingdata", user: "1|2|13")),
                DecoderCase(line(""), rejected: .unknownValue), DecoderCase(line("2"), rejected: .unknownValue),
                DecoderCase(line("1"), rejected: .typeMismatch),
                DecoderCase(line(attributed: "1999-03-02 00:00:00", "1"), rejected: .outOfRange),
                DecoderCase(line(ip: "", "0"), rejected: .missingField),
                DecoderCase(line(time: "", "0"), rejected: .missingField),
                DecoderCase(line(time: "2017", "0"), rejected: .typeMismatch),
                DecoderCase(line(time: "1917-11-07 09:30:38", "0"), rejected: .outOfRange),
                DecoderCase(line("0,"), rejected: .columnCount), .invalidUTF8("1,␀,2,13,379,2026-03-01 00:00:00,,0"),
            ], AdRecordFormat(.talkingdata),
            header: "\(junk)ip,app,device,os,channel,click_time,attributed_time,is_attributed")
    }
}
