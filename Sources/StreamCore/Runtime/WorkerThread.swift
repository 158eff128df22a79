internal import CWeir

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Threads of our own: a worker computes for long stretches, which the cooperative pool is not for.
enum WorkerThread {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }

        /// Names the thread, from within: a detached thread may be gone before its starter could do so.
        func runOnThread() {
            #if canImport(Glibc)
                weir_name_thread(pthread_self(), name)
            #endif
            run()
        }
    }

    /// Starts a detached thread that runs `body`.
    ///
    /// Without a thread to be had, `body` runs on a global executor's.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // User code runs here: the usual size of a main thread's stack.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        let argument = Unmanaged.passRetained(Body(name: name, body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                #if canImport(Darwin)
                    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().runOnThread()
                #else
                    if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().runOnThread() }
                #endif
                return nil
            }, argument.toOpaque())
        if result != 0 {
            let body = argument.takeRetainedValue()
            Task.detached { body.run() }
        }
    }
}
