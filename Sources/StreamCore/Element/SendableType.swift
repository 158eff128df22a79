#if compiler(>=6.2)
    /// What an operator's type must be so that a pipeline's description can carry it to the workers (SE-0470).
    public typealias SendableType = SendableMetatype
#else
    /// Before Swift 6.2 every type can be carried to the workers.
    public typealias SendableType = Any
#endif
