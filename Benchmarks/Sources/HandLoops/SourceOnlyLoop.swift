internal import Workloads

/// The generator and a filter that keeps nothing: what every other loop pays before it does anything.
enum SourceOnlyLoop {
    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var source = BatchSource(AdsUniform(rate: parameters.rate, users: parameters.users), parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            for i in 0..<count where source.records[i].user < 0 { digest.add(source.records[i].user, 0) }
        }
        meter.finished()
        return digest
    }
}
