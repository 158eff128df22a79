import Synchronization
import Testing

@testable import StreamCore

@Suite struct RingTests {
    @Test(arguments: [(1, 2), (2, 2), (3, 4), (16, 16), (17, 32)])
    func capacityIsAPowerOfTwo(asked: Int, capacity: Int) {
        let ring = Ring<Int>(capacity: asked)
        #expect(ring.pop() == nil)
        // Several times around.
        for round in 0..<5 {
            for i in 0..<capacity { #expect(ring.push(round * 100 + i)) }
            #expect(!ring.push(-1))
            for i in 0..<capacity {
                let popped = ring.pop()
                #expect(popped?.element == round * 100 + i)
                // The producer found it full, which the first pop after that reports, once.
                #expect(popped?.producerWaits == (i == 0))
            }
            #expect(ring.pop() == nil)
        }
    }

    @Test func whatIsLeftIsDestroyed() {
        let live = LiveItems()
        do {
            let ring = Ring<LiveItems.Item>(capacity: 8)
            for i in 0..<8 { #expect(ring.push(live.item(i))) }
            for _ in 0..<3 { _ = ring.pop() }
            #expect(ring.push(live.item(9)))
            #expect(live.count == 6)
        }
        #expect(live.count == 0)
    }

    /// A ring between two threads: everything arrives, in order, and nobody sleeps through a wake-up.
    @Test(arguments: [(1, 50_000), (16, 200_000), (1_024, 1_000_000)])
    func betweenTwoThreads(capacity: Int, count: Int) async {
        let ring = Ring<Int>(capacity: capacity)
        let producerWakes = WakeSignal()
        let consumerWakes = WakeSignal()
        let wrong = Tally()
        let overslept = Tally()

        /// Runs `attempt` until it is true; sleeps when it isn't for a while. Ten seconds asleep is a lost wake-up.
        /// One is enough: everybody gives up.
        @Sendable func retry(_ signal: WakeSignal, _ attempt: () -> Bool) {
            for _ in 0..<50 {
                if attempt() { return }
                WakeSignal.pause()
            }
            while overslept.value == 0 {
                signal.announceSleep()
                if attempt() { return signal.cancelSleep() }
                let start = ContinuousClock.now
                signal.sleep(nanoseconds: 10_000_000_000)
                if ContinuousClock.now - start > .seconds(9) { overslept.add() }
                if attempt() { return }
            }
        }

        await onThreads(
            {
                for i in 0..<count where overslept.value == 0 {
                    retry(producerWakes) { ring.push(i) }
                    consumerWakes.notify()
                }
            },
            {
                for i in 0..<count where overslept.value == 0 {
                    var popped: Int?
                    retry(consumerWakes) {
                        guard let (element, producerWaits) = ring.pop() else { return false }
                        popped = element
                        if producerWaits { producerWakes.notify() }
                        return true
                    }
                    if popped != i { wrong.add() }
                }
            })
        #expect(wrong.value == 0)
        #expect(overslept.value == 0)
        #expect(ring.pop() == nil)
    }
}

@Suite struct WakeSignalTests {
    @Test func noWakeUpIsLost() async {
        let rounds = 20_000
        let signals = [WakeSignal(), WakeSignal()]
        let turn = Tally()
        let overslept = Tally()

        // Two threads in turns, each asleep while it is the other's: one lost wake-up stops both.
        @Sendable func play(_ player: Int) {
            while true {
                signals[player].announceSleep()
                let now = turn.value
                if now >= rounds || overslept.value > 0 {
                    signals[player].cancelSleep()
                    return signals[1 - player].notify()
                }
                if now % 2 == player {
                    signals[player].cancelSleep()
                    turn.add()
                    signals[1 - player].notify()
                } else {
                    let start = ContinuousClock.now
                    signals[player].sleep(nanoseconds: 10_000_000_000)
                    if ContinuousClock.now - start > .seconds(9) { overslept.add() }
                }
            }
        }
        await onThreads({ play(0) }, { play(1) })
        #expect(turn.value == rounds)
        #expect(overslept.value == 0)
    }

    @Test func aNotificationBeforeSleepIsNotSleptThrough() {
        let signal = WakeSignal()
        signal.announceSleep()
        signal.notify()
        let start = ContinuousClock.now
        signal.sleep(nanoseconds: 20_000_000_000)
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}

/// Runs each body on a thread of its own and waits for all.
func onThreads(_ bodies: (@Sendable () -> Void)...) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let ended = Ended(count: bodies.count, continuation)
        for body in bodies {
            WorkerThread.start(name: "test") {
                body()
                ended.one()
            }
        }
    }
}

/// Resumes a continuation when everybody has come.
private final class Ended: Sendable {
    private let left: Atomic<Int>
    private let continuation: CheckedContinuation<Void, Never>

    init(count: Int, _ continuation: CheckedContinuation<Void, Never>) {
        left = Atomic(count)
        self.continuation = continuation
    }

    func one() { if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { continuation.resume() } }
}
