extension HyperLogLog {
    /// The estimated number of distinct values.
    public var estimate: Int {
        let m = Double(1 << precision)
        let q = 64 - precision
        var histogram = [Int](repeating: 0, count: q + 2)
        if registers.isEmpty {
            histogram[0] = (1 << precision) - sparse.count
            for entry in sparse { histogram[Int(entry & 0xFF)] += 1 }
        } else {
            for register in registers { histogram[Int(register)] += 1 }
        }
        var z = m * Self.tau(1 - Double(histogram[q + 1]) / m)
        for rank in stride(from: q, through: 1, by: -1) { z = 0.5 * (z + Double(histogram[rank])) }
        z += m * Self.sigma(Double(histogram[0]) / m)
        let estimate = m * m / (2 * 0.693_147_180_559_945_3 * z)
        return estimate.isFinite ? Int(estimate.rounded()) : 0
    }

    private static func sigma(_ x: Double) -> Double {
        if x == 1 { return .infinity }
        var x = x
        var y = 1.0
        var z = x
        while true {
            x *= x
            let before = z
            z += x * y
            y += y
            if z == before { return z }
        }
    }

    private static func tau(_ x: Double) -> Double {
        if x == 0 || x == 1 { return 0 }
        var x = x
        var y = 1.0
        var z = 1 - x
        while true {
            x = x.squareRoot()
            let before = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == before { return z / 3 }
        }
    }
}
