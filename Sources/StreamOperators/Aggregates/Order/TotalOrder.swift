/// An order of all values of a comparable type, also of those that are unequal to themselves: NaN comes last.
@usableFromInline
enum TotalOrder {
    @inlinable @inline(__always)
    static func precedes<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a < b || (b != b && a == a) }
}
