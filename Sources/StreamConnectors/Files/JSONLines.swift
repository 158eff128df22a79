public import StreamCore
public import StreamFormats

/// A JSON object per line, read field by field from the bytes, without an intermediate tree.
///
/// ```swift
/// let format = JSONLines<Click> { object, _ throws(DecodeError) in
///     var click = Click()
///     while let field = try object.nextField() {
///         switch field {
///         case "user": click.user = try object.string()
///         case "at": click.at = try object.timestamp()
///         default: try object.skipValue()
///         }
///     }
///     return click
/// }
/// ```
public struct JSONLines<Element: Sendable>: RecordFormat {
    @usableFromInline let read: @Sendable (inout JSONObjectReader, RecordPosition) throws(DecodeError) -> Element

    /// A format whose lines `read` turns into elements.
    ///
    /// That nothing follows the object is checked afterwards.
    @inlinable
    public init(
        _ read: @escaping @Sendable (inout JSONObjectReader, RecordPosition) throws(DecodeError) -> Element
    ) { self.read = read }

    /// Lines.
    @inlinable public var framing: RecordFraming { .lines }

    /// A decoder.
    @inlinable
    public func makeDecoder() -> JSONLinesDecoder<Element> { JSONLinesDecoder(read: read) }
}

/// Decodes lines of JSON.
public struct JSONLinesDecoder<Element: Sendable>: RecordDecoder {
    @usableFromInline let read: @Sendable (inout JSONObjectReader, RecordPosition) throws(DecodeError) -> Element

    @inlinable
    init(read: @escaping @Sendable (inout JSONObjectReader, RecordPosition) throws(DecodeError) -> Element) {
        self.read = read
    }

    /// Decodes a line.
    @inlinable
    public mutating func decode(
        _ record: UnsafeRawBufferPointer, at position: RecordPosition, into output: SourceOutput<Element>
    ) throws {
        var object = try JSONObjectReader(record)
        let element = try read(&object, position)
        try object.finish()
        output.emit(element)
    }
}
