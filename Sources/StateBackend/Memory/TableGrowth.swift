/// From what size on a table grows step by step, and how fast.
///
/// With the standard values 256 slots, some 200 entries, are split with every 16th insert. So growth is over when a
/// sixteenth of the old capacity was inserted, and a table that was 3/4 full is at most 13/16 full meanwhile.
@usableFromInline
package struct TableGrowth {
    /// Bytes; tables that are smaller grow at once.
    @usableFromInline var stepwiseFrom: Int
    /// The slots that a step splits.
    @usableFromInline var slots: Int
    /// A step comes when this and the number of entries have no bit in common.
    @usableFromInline var interval: Int

    /// - Parameter inserts: a power of two.
    package init(stepwiseFrom: Int, slots: Int, inserts: Int) {
        self.stepwiseFrom = stepwiseFrom
        self.slots = slots
        interval = inserts - 1
    }

    /// What tables begin with.
    @usableFromInline static var standard: TableGrowth { TableGrowth(stepwiseFrom: 1 << 18, slots: 256, inserts: 16) }
}
