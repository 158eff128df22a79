internal import Weir

extension TransactionalSinkSuite {
    typealias Run = TransactionalSinkRun<Output>

    func body(of check: TransactionalSinkCheck) -> (inout Run) throws -> Void {
        switch check {
        case .preparedIsNotVisible: preparedIsNotVisible
        case .committedIsVisible: committedIsVisible
        case .commitTwice: commitTwice
        case .commitAfterRestart: commitAfterRestart
        case .recoverWhatIsCommitted: recoverWhatIsCommitted
        case .abortLeftovers: abortLeftovers
        case .numberOfAnAbortedTransaction: numberOfAnAbortedTransaction
        case .severalPending: severalPending
        case .emptyTransactions: emptyTransactions
        case .severalWorkers: severalWorkers
        case .rescaling: rescaling
        case .othersAreLeftAlone: othersAreLeftAlone
        case .orderOfAWorker: orderOfAWorker
        case .largeTransactions: largeTransactions
        case .batchesAreLeftAlone: batchesAreLeftAlone
        case .closing: closing
        case .abortedCannotBeCommitted: abortedCannotBeCommitted
        case .random: { _ in }
        }
    }

    private func preparedIsNotVisible(_ run: inout Run) throws {
        try run.start()
        try run.write(0..<5)
        try run.expectVisible([], "before anything was prepared")
        try run.barrier()
        try run.expectVisible([], "before anything was committed")
    }

    private func committedIsVisible(_ run: inout Run) throws {
        try run.start()
        for first in stride(from: 0, to: 30, by: 10) {
            try run.write(first..<first + 4)
            try run.write(first + 4..<first + 10)
            try run.barrier()
            try run.commit()
            try run.expectVisible(0..<first + 10, "after the commit")
        }
        try run.expectNoLeftovers("when all is committed")
    }

    private func commitTwice(_ run: inout Run) throws {
        try run.start()
        try run.write(0..<5)
        try run.barrier()
        let pending = run.pending
        try run.commit()
        try run.write(5..<7)
        for transaction in pending { try run.commit(transaction) }
        try run.expectVisible(0..<5, "after the second commit")
        try run.barrier()
        try run.commit()
        for transaction in pending { try run.commit(transaction) }
        try run.expectVisible(0..<7, "after the third commit, and that of another transaction")
    }

    private func commitAfterRestart(_ run: inout Run) throws {
        try run.start()
        try run.write(0..<5)
        let snapshot = try run.barrier()
        run.crash()
        try run.expectVisible([], "after the crash")
        try run.start(from: snapshot)
        try run.expectVisible(0..<5, "after the restart")
        try run.expectNoLeftovers("after the restart")
        // The commit of before the crash may have been on its way.
        for transaction in snapshot.pending { try run.commit(transaction) }
        try run.write(5..<9)
        try run.barrier()
        try run.commit()
        try run.expectVisible(0..<9, "after another transaction")
    }

    private func recoverWhatIsCommitted(_ run: inout Run) throws {
        try run.start()
        try run.write(0..<5)
        let snapshot = try run.barrier()
        try run.commit()
        for _ in 0..<3 {
            run.crash()
            try run.start(from: snapshot)
            try run.expectVisible(0..<5, "after a restart from the snapshot whose transaction is committed")
        }
    }

    private func abortLeftovers(_ run: inout Run) throws {
        try run.start()
        try run.write(0..<3)
        let snapshot = try run.barrier()
        try run.commit()
        try run.write(3..<6)
        try run.barrier()
        try run.write(6..<9)
        run.crash()
        try run.start(from: snapshot)
        try run.expectVisible(0..<3, "after a restart from the first snapshot")
        try run.expectNoLeftovers("after a restart from the first snapshot")
        run.crash()
        try run.start()
        try run.expectVisible(0..<3, "after a start without a snapshot")
    }

    private func numberOfAnAbortedTransaction(_ run: inout Run) throws {
        try run.start()
        try run.write(0..<3)
        let first = try run.barrier()
        try run.commit()
        try run.write(3..<6)
        try run.barrier()
        run.crash()
        try run.start(from: first)
        try run.write(10..<12)
        try run.barrier()
        try run.commit()
        try run.expectVisible([0, 1, 2, 10, 11], "when a number has come again after its transaction was aborted")
        try run.expectNoLeftovers("when all is committed")
    }

    private func severalPending(_ run: inout Run) throws {
        try run.start()
        for first in [0, 3, 6] {
            try run.write(first..<first + 3)
            try run.barrier()
        }
        let snapshot = run.snapshot
        try run.commit(snapshot.pending[0])
        try run.expectVisible(0..<3, "after the first of three was committed")
        run.crash()
        try run.start(from: snapshot)
        try run.expectVisible(0..<9, "after a restart with three, one of which is committed")
    }

    private func emptyTransactions(_ run: inout Run) throws {
        try run.start(parallelism: 3)
        try run.barrier()
        try run.commit()
        try run.write([], worker: 1)
        try run.barrier()
        try run.commit()
        try run.expectVisible([], "when there were no records")
        try run.write(0..<2, worker: 1)
        try run.barrier()
        try run.commit()
        let snapshot = try run.barrier()
        run.crash()
        try run.start(from: snapshot)
        try run.expectVisible(0..<2, "when workers had no records")
        try run.expectNoLeftovers("when all is committed")
    }

    private func severalWorkers(_ run: inout Run) throws {
        try run.start(parallelism: 3)
        for round in 0..<3 {
            for worker in 0..<3 {
                let first = round * 30 + worker * 10
                try run.write(first..<first + 10, worker: worker)
            }
            try run.barrier()
        }
        let pending = run.pending
        for transaction in pending.dropLast() { try run.commit(transaction) }
        try run.expectVisible(0..<80, "when all but the last transaction are committed")
        try run.commit()
        try run.expectVisible(0..<90, "when all are committed")
    }

    private func rescaling(_ run: inout Run) throws {
        var next = 0
        try run.start(parallelism: 4)
        for parallelism in [1, 3, 2, 4] {
            for worker in 0..<run.parallelism {
                try run.write(next..<next + 2, worker: worker)
                next += 2
            }
            let snapshot = try run.barrier()
            run.crash()
            try run.start(from: snapshot, parallelism: parallelism)
            try run.expectVisible(0..<next, "after a restart at parallelism \(parallelism)")
        }
        try run.expectNoLeftovers("after the restarts")
    }

    private func othersAreLeftAlone(_ run: inout Run) throws {
        // Names that begin or end like those of the run, and that no file or table can have.
        let names = [
            ("suite-2", "out"), ("suite", "out-2"), ("a-suite", "out"), ("suite", "an-out"), ("suite.out", "out"),
            ("suit", "e-out"), ("suite", "out/%'\"x_"),
        ]
        var others: [(Run, Run.Snapshot)] = []
        for (i, (pipeline, step)) in names.enumerated() {
            var other = Run(run.place, element: element, pipeline: pipeline, step: step)
            // Each of a worker of its own: places may tell committed transactions by worker and number.
            try other.start(parallelism: names.count + 1)
            try other.write(100 + i..<101 + i, worker: i + 1)
            let snapshot = try other.barrier()
            others.append((other, snapshot))
        }
        try run.start()
        try run.write(0..<2)
        try run.barrier()
        run.crash()
        try run.start()
        try run.expectVisible([], "after a start without a snapshot")
        for i in others.indices {
            if i % 2 == 0 {
                try others[i].0.commit()
            } else {
                others[i].0.crash()
                try others[i].0.start(from: others[i].1, parallelism: 1)
            }
        }
        try run.expectVisible(
            names.indices.map { 100 + $0 }, "when another pipeline's or step's transaction was committed")
    }

    private func orderOfAWorker(_ run: inout Run) throws {
        guard keepsOrder else { return }
        try run.start(parallelism: 2)
        var next = 0
        for round in 0..<3 {
            for _ in 0..<4 {
                // Numbers that fall, so that no order but that of writing can be theirs.
                for worker in 0..<2 {
                    next += 5
                    try run.write((next - 5..<next).reversed().map { 1_000 - $0 }, worker: worker)
                }
            }
            try run.barrier()
            if round != 1 { try run.commit() }
        }
        let visible = try run.place.visible()
        for worker in 0..<2 {
            let expected = run.written[worker, default: []].map(element)
            let own = Set(expected)
            let found = visible.filter { own.contains($0) }
            guard found != expected else { continue }
            let i = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? found.count
            throw Run.Problem(
                "record \(i) of worker \(worker) is not in the order of writing: \(found.dropFirst(i).prefix(3))")
        }
    }

    private func largeTransactions(_ run: inout Run) throws {
        try run.start()
        var next = 0
        while next < largeCount {
            try run.write(next..<min(next + 500, largeCount))
            next = min(next + 500, largeCount)
        }
        let snapshot = try run.barrier()
        run.crash()
        try run.start(from: snapshot)
        try run.expectVisible(0..<largeCount, "after a transaction of \(largeCount) records")
    }

    private func batchesAreLeftAlone(_ run: inout Run) throws {
        try run.start()
        let batch = run.batch(0..<4)
        try run.write(batch, worker: 0)
        try run.barrier()
        try run.commit()
        let isSame = batch.count == 4 && (0..<4).allSatisfy { batch.elements[$0] == element($0) }
        if !isSame { throw Run.Problem("the batch has changed; other steps may have it, too") }
    }

    private func closing(_ run: inout Run) throws {
        try run.start(parallelism: 2)
        try run.write(0..<3)
        try run.write(3..<6, worker: 1)
        let snapshot = try run.barrier()
        try run.commit()
        try run.close()
        try run.expectVisible(0..<6, "after all was closed")
        try run.expectNoLeftovers("after all was closed")
        try run.start(from: snapshot)
        try run.write(6..<8)
        try run.barrier()
        try run.commit()
        try run.close()
        try run.expectVisible(0..<8, "after a second run")
    }

    private func abortedCannotBeCommitted(_ run: inout Run) throws {
        guard knowsAborted else { return }
        try run.start()
        try run.write(0..<3)
        let snapshot = try run.barrier()
        run.crash()
        try run.start()
        do { for transaction in snapshot.pending { try run.commit(transaction) } } catch { return }
        throw Run.Problem("a transaction that was aborted was committed without an error")
    }
}
