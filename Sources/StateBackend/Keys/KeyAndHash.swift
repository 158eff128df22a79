/// A key with its stable hash, as timer queues hold it so that the hash is not worked out again.
@frozen
public struct KeyAndHash<Key: StreamKey>: Sendable {
    /// The key.
    public let key: Key
    /// The key's stable hash.
    public let hash: UInt64

    /// A key and the hash that was worked out from it.
    @inlinable @inline(__always)
    public init(key: Key, hash: UInt64) {
        self.key = key
        self.hash = hash
    }
}
