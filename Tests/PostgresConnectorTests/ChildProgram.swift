import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program that a test has started, with pipes to its standard input and output.
final class ChildProgram {
    private let process: pid_t
    private let input: Int32
    private let output: Int32

    init(_ program: String, _ arguments: [String]) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        try #require(pipe(&toChild) == 0 && pipe(&fromChild) == 0)
        // What other tests start must not hold the ends.
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, program, &actions, nil, words, environ)
        close(toChild[0])
        close(fromChild[1])
        input = toChild[1]
        output = fromChild[0]
        self.process = process
        try #require(result == 0, "can't start \(program)")
    }

    deinit {
        close(input)
        close(output)
    }

    /// A line of its output, without the newline; nil at its end.
    func readLine() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 {
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// Waits until the program has ended, or for some milliseconds; whether it has ended.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }

    /// Ends it at once, as a power failure would.
    func kill() {
        _ = Glibc.kill(process, SIGKILL)
        _ = status()
    }

    /// Waits for its end: the exit code, or the negative signal.
    func status() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : -signal
    }

    /// The directory of what this package has built.
    static func productsDirectory() throws -> String {
        var own = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &own, own.count - 1)
        var program = try #require(
            count > 0 ? String(decoding: own[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil)
        // The runner may be the tool chain's, which is given the tests' bundle.
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") { program = argument }
        return program.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}
