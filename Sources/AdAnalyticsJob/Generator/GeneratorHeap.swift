/// What a `GeneratorHeap` orders by: the time, then the number of the element, so that the order is total.
protocol GeneratorScheduled {
    var due: Int64 { get }
    var number: Int { get }
}

/// A binary heap with the earliest element on top.
struct GeneratorHeap<Element: GeneratorScheduled> {
    private var elements: [Element] = []

    var first: Element? { elements.first }

    private static func precedes(_ a: Element, _ b: Element) -> Bool {
        a.due != b.due ? a.due < b.due : a.number < b.number
    }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(elements[child], elements[parent]) else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() -> Element? {
        guard let top = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty {
            elements[0] = last
            sink()
        }
        return top
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = 2 * parent + 1
            guard least < elements.count else { return }
            if least + 1 < elements.count, Self.precedes(elements[least + 1], elements[least]) { least += 1 }
            guard Self.precedes(elements[least], elements[parent]) else { return }
            elements.swapAt(least, parent)
            parent = least
        }
    }
}
