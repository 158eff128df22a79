extension SourceRunner {
    /// Whether a split is so far ahead of its group that it isn't to be read now.
    @usableFromInline
    func mustWait(_ position: Int) -> Bool {
        guard let alignment, let drift = watermarks.alignment?.drift else { return false }
        let isAhead = alignment.isTooFarAhead(splits[position].watermark, drift: drift)
        splits[position].isPaused = isAhead
        // Being held back is not idleness.
        if isAhead { splits[position].quietSince = nil }
        return isAhead
    }

    /// Tells the group where the splits are after a restore.
    ///
    /// Else each would wait for itself: before its first record it is known there without a watermark.
    @usableFromInline
    func rejoinAlignment() {
        for split in splits { alignment?.note(split.member, merger.isIdle(split.index) ? nil : split.watermark) }
    }
}
