internal import StateBackend

extension SnapshotError {
    /// What made a snapshot fail, with the code of its cause where that has one.
    init(cause error: any Error) {
        let cause = (error as? JobError)?.cause ?? error
        if let known = cause as? SnapshotError {
            self = known
            return
        }
        let code: Code =
            switch (cause as? StateError)?.code {
            case .storageFull?: .storageFull
            case .notPermitted?: .notPermitted
            case .missingFile?: .missingFile
            case .damaged?: .damaged
            default: .storageFailed
            }
        self.init(code: code, message: "\(error)")
    }
}
