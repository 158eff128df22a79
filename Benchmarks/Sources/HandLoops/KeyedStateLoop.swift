internal import Workloads

/// One counter per user: read, add 1, write, emit, for every event.
enum KeyedStateLoop {
    struct Counter: Slot {
        var key: Int64
        var count: Int64
        var isFree: Bool { count == 0 }
    }

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        guard let exponent = parameters.zipf else {
            return try run(AdsUniform(rate: parameters.rate, users: parameters.users), parameters, meter)
        }
        return try run(
            AdsZipf(rate: parameters.rate, users: parameters.users, exponent: exponent), parameters, meter)
    }

    private static func run<Generator: EventGenerator>(
        _ generator: Generator, _ parameters: RunParameters, _ meter: Meter
    ) throws -> Digest where Generator.Event == Ad {
        var digest = Digest()
        let table = try SlotTable<Counter>(keys: min(parameters.users, parameters.events))
        var source = BatchSource(generator, parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            let records = source.records
            let ahead = BatchSource<Generator>.ahead
            for i in 0..<ahead { table.prefetch(records[i].user) }
            for i in 0..<count {
                table.prefetch(records[i &+ ahead].user)
                let user = records[i].user
                let slot = table.find(user)
                slot.pointee.key = user
                slot.pointee.count &+= 1
                digest.add(user, slot.pointee.count)
            }
        }
        meter.finished()
        return digest
    }
}
