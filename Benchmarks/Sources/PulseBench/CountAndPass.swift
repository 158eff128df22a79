import Weir

/// Counts a key's records and passes them on.
struct CountAndPass: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Pulse
    typealias Output = Pulse

    let count: ValueState<Int64, Int64>

    init(_ state: KeyedStateStore<Int64>) throws { count = try state.value("count") }

    mutating func process(_ pulse: Pulse, _ context: borrowing ProcessContext<Self>) throws {
        count.value = (count.value ?? 0) + 1
        try context.emit(pulse)
    }
}
