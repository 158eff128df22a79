/// What moves along an edge of the dataflow: a ``Batch`` or a ``KeyedBatch``.
///
/// A payload has one owner at a time and crosses threads only by being handed over, which is what makes its
/// conformers' `@unchecked Sendable` sound.
public protocol BatchPayload: AnyObject, Sendable {
    /// The number of records.
    var count: Int { get }
    /// A payload of its own with copies of the records.
    func copy() -> Self
}
