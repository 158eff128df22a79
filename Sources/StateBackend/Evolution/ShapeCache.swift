internal import Synchronization

/// The shapes that were found so far.
final class ShapeCache: Sendable {
    static let shared = ShapeCache()
    private let shapes = Mutex<[ObjectIdentifier: TypeShape]>([:])

    func shape(of type: any Decodable.Type) -> TypeShape {
        let id = ObjectIdentifier(type)
        if let known = shapes.withLock({ $0[id] }) { return known }
        // Not under the lock: it runs the type's own code. Two threads at worst come to the same.
        let shape = Self.probe(type)
        shapes.withLock { $0[id] = shape }
        return shape
    }

    private static func probe<Value: Decodable>(_ type: Value.Type) -> TypeShape { ShapeProbe().find(type).shape }
}
