/// The names of the shops' campaigns, ads and products, and the products' prices.
struct GeneratorCatalogue {
    private static let campaignNames = [
        "spring-sale", "new-arrivals", "clearance", "free-shipping", "weekend-deals", "loyalty-week", "garden-days",
        "home-office", "gift-guide", "outdoor", "back-in-stock", "flash-deals",
    ]

    /// The campaigns' names as bytes; every tenant uses the same ones.
    let campaigns: [[UInt8]]

    init(campaigns count: Int) {
        campaigns = (0..<count).map { index in
            Array((index < Self.campaignNames.count ? Self.campaignNames[index] : "campaign-\(index + 1)").utf8)
        }
    }

    /// The product that an ad shows.
    static func product(ofAd ad: Int32, campaign: Int32, products: Int) -> Int32 {
        Int32(GeneratorRandom.mix(UInt64(campaign) << 32 | UInt64(ad)) % UInt64(products))
    }

    /// The price of a product in millionths of the currency: 4.99 to 199.99.
    static func price(ofProduct product: Int32, tenant: Int32) -> Int64 {
        Int64(4 + GeneratorRandom.mix(UInt64(tenant) << 32 | UInt64(product) | 1 << 63) % 196) * 1_000_000 + 990_000
    }
}
