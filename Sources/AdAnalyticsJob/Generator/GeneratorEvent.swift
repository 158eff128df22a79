/// One event before it is written; names are indexes into the generator's catalogue, -1 where there is none.
struct GeneratorEvent {
    enum Kind: UInt8, CaseIterable {
        case impression, click, view, basket, purchase

        var name: StaticString {
            switch self {
            case .impression: "impression"
            case .click: "click"
            case .view: "view"
            case .basket: "basket"
            case .purchase: "purchase"
            }
        }
    }

    var id: UInt64
    var time: Int64
    var kind: Kind
    var tenant: Int32
    var user: Int32
    var campaign: Int32 = -1
    var ad: Int32 = -1
    var product: Int32 = -1
    var price: Int64 = 0
    var quantity: Int32 = 0
}
