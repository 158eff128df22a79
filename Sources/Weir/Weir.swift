// One import for the whole library.
@_exported public import StateBackend
@_exported public import StreamConnectors
@_exported public import StreamCore
@_exported public import StreamFormats
@_exported public import StreamOperators
