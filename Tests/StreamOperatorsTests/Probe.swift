import Weir
func probe(_ w: WindowedStream<String, Event>) {
    _ = w.aggregate("windows", .count(), .sum(\.value), .min(\.value), .distinct(\.value))
}
