/// What travels over an exchange.
///
/// It doesn't know its batch's type: code that is generic in that has to look up what a message looks like whenever it
/// handles one, which cost more than handling it.
enum Message: Sendable {
    case batch(any BatchPayload)
    case signal(Signal)
}

extension BatchPayload {
    /// The batch of a message, as that which it is.
    ///
    /// Invariant (the reason for not checking): both ends of an exchange are made in one call, with one type of batches.
    static func unwrap(_ payload: any BatchPayload) -> Self { unsafeDowncast(payload, to: Self.self) }
}
