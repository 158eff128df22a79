/// First in, first out, with elements found by their number since the beginning.
struct FIFOQueue<Element> {
    private var elements: [Element?] = []
    /// How many of `elements` are gone.
    private var head = 0
    /// The number of the first element that is left.
    private(set) var firstNumber = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }

    var first: Element? { head < elements.count ? elements[head] : nil }
    var last: Element? { head < elements.count ? elements[elements.count - 1] : nil }
    /// The number of the last element; one less than ``firstNumber`` when there is none.
    var lastNumber: Int { firstNumber + count - 1 }

    mutating func append(_ element: Element) { elements.append(element) }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        firstNumber += 1
        if head >= 32 && head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    func forEach(_ body: (Element) throws -> Void) rethrows {
        for index in head..<elements.count { if let element = elements[index] { try body(element) } }
    }

    /// Changes the element of this number, if it is still there.
    mutating func update(_ number: Int, _ change: (inout Element) -> Void) {
        let index = head + number - firstNumber
        guard index >= head, index < elements.count, var element = elements[index] else { return }
        elements[index] = nil
        change(&element)
        elements[index] = element
    }
}
