internal import CWeir
internal import Synchronization

/// Lets a worker sleep until another has something for it, at no cost while nobody sleeps.
///
/// A sleeper announces itself, looks once more whether there is anything to do, and only then sleeps; a notifier
/// publishes its work first and then looks for a sleeper. Both use sequentially consistent accesses, so one of the two
/// sees the other and no wake-up is lost.
/// Invariant (the reason for `@unchecked Sendable`): `word` is set once, points to memory that lives as long as the
/// object, and is accessed only as an atomic and by the futex calls.
final class WakeSignal: @unchecked Sendable {
    /// 1 while the owner sleeps or is about to.
    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    init() {
        word = .allocate(capacity: 1)
        word.initialize(to: Atomic(0))
    }

    deinit {
        word.deinitialize(count: 1)
        word.deallocate()
    }

    /// The owner is about to sleep.
    func announceSleep() { word.pointee.store(1, ordering: .sequentiallyConsistent) }

    /// The owner has found something to do after all.
    func cancelSleep() { word.pointee.store(0, ordering: .sequentiallyConsistent) }

    /// Sleeps until a notification, or for `nanoseconds` at most; may return early.
    ///
    /// After ``announceSleep()``.
    func sleep(nanoseconds: Int64) {
        weir_futex_wait(UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self), 1, nanoseconds)
        cancelSleep()
    }

    /// Wakes the owner if it sleeps or is about to.
    func notify() {
        guard word.pointee.load(ordering: .sequentiallyConsistent) == 1,
            word.pointee.exchange(0, ordering: .sequentiallyConsistent) == 1
        else { return }
        weir_futex_wake(UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }

    /// One turn of a short wait.
    static func pause() { weir_pause() }
}
