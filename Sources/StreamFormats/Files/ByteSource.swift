/// Where a record reader gets its bytes from, a block at a time.
public protocol ByteSource: AnyObject {
    /// Fills the buffer from its start with the next bytes, at least one of them.
    ///
    /// - Returns: How many bytes there are; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
}
