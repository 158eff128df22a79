/// The seam between the harness and whatever runs a query: runs it to the end of its input, returns the sink's digest.
///
/// A run calls ``Meter/started()`` before its first event, ``SourceMeter/emitted(_:)`` of its source after each batch
/// and ``Meter/finished()`` after the last row; the harness does the rest.
public typealias QueryRun = @Sendable (RunParameters, Meter) async throws -> Digest
