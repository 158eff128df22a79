/// A record that knows when it should have come, and when it was read.
struct Pulse: Sendable, BitwiseCopyable {
    var key: Int64
    var due: Int64
    var read: Int64
}
