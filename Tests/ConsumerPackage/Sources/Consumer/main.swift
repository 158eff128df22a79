import AdAnalyticsJob
import Foundation
import Weir

let results = CollectSink<Int>()
let pipeline = try Pipeline("consumer") { p in
    p.source("numbers", CollectionSource(1...10))
        .map { $0 * 2 }
        .filter { $0 > 10 }
        .write("results", to: results)
}
try await pipeline.run()

let expected = [12, 14, 16, 18, 20]
guard results.elements.sorted() == expected else {
    print("consumer: expected \(expected), got \(results.elements)")
    exit(1)
}
print("consumer: ok")
