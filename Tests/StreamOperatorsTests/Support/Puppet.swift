import StreamTesting
import Weir

/// What the tests' processor is told to do.
enum Command: Sendable {
    case set(String, Timestamp, TimeDomain)
    case cancel(String, TimeDomain)
    case note(Int)
    case side(String)
    case fail
}

struct Commands: Sendable {
    var key: String
    var commands: [Command]
}

/// Does as it is told; tells of each timer that goes off.
struct Puppet: KeyedProcessor {
    typealias Key = String
    typealias Output = String

    static let side = SideOutput<String>("side")

    let notes: ValueState<String, Int>

    init(_ store: KeyedStateStore<String>) throws { notes = try store.value("notes") }

    mutating func process(_ input: Commands, _ context: borrowing ProcessContext<Puppet>) throws {
        for command in input.commands {
            switch command {
            case .set(let id, let time, let domain): context.setTimer(id, at: time, in: domain)
            case .cancel(let id, let domain): context.cancelTimer(id, in: domain)
            case .note(let number): notes.update(default: 0) { $0 += number }
            case .side(let text): try context.emit("\(input.key) \(text)", to: Self.side)
            case .fail: throw TestFault()
            }
        }
    }

    mutating func onTimer(_ id: String, at time: Timestamp, _ context: borrowing ProcessContext<Puppet>) throws {
        let note = notes.value.map { "=\($0)" } ?? ""
        let domain = context.timeDomain
        try context.emit("\(context.key)-\(id)\(domain == .eventTime ? "@" : "~")\(time)\(note)")
        switch id {
        // A chain of three: each link sets the next one.
        case "chain1": context.setTimer("chain2", at: time + 10, in: domain)
        case "chain2": context.setTimer("chain3", at: time + 10, in: domain)
        // Two that set each other for ever.
        case "ping": context.setTimer("pong", at: time + 10, in: domain)
        case "pong": context.setTimer("ping", at: time + 10, in: domain)
        case "cross": context.setTimer(id, at: time + 10, in: domain == .eventTime ? .processingTime : .eventTime)
        case "again":
            notes.update(default: 0) { $0 += 1 }
            if (notes.value ?? 0) < 4 { context.setTimer("again", at: time + 10, in: domain) }
        case "past":
            notes.value = (notes.value ?? 0) + 1
            if (notes.value ?? 0) < 2 { context.setTimer("past", at: time - 100, in: domain) }
        case "behind": context.setTimer("x", at: time - 100, in: domain)
        case "killer": context.cancelTimer("victim", in: domain)
        case "fail": throw TestFault()
        case "side": try context.emit("\(context.key) timer", to: Self.side)
        default: break
        }
    }
}

/// A script for the puppet: `a:x@10,-y,+3` sets x, cancels y, and adds 3; `w9` is a watermark.
///
/// A tilde makes a timer one of processing time: `a:~x@10,-~y`.
func puppetScript(_ text: String) -> [ScriptStep<Commands>] {
    text.split(separator: " ").enumerated().map { puppetStep($0.element, index: $0.offset) }
}

private func puppetStep(_ word: Substring, index: Int) -> ScriptStep<Commands> {
    if word.first == "w", let time = Timestamp(word.dropFirst()) { return .watermark(time) }
    let parts = word.split(separator: ":")
    func timer(_ text: Substring) -> (String, TimeDomain) {
        text.first == "~" ? (String(text.dropFirst()), .processingTime) : (String(text), .eventTime)
    }
    let commands = parts[1].split(separator: ",").map { command -> Command in
        let rest = command.dropFirst()
        switch command.first {
        case "-":
            let (id, domain) = timer(rest)
            return .cancel(id, domain)
        case "+": return .note(Int(rest) ?? 0)
        case "!": return .fail
        case ">": return .side(String(rest))
        default:
            let words = command.split(separator: "@")
            let (id, domain) = timer(words[0])
            return .set(id, Timestamp(words[1]) ?? 0, domain)
        }
    }
    return .record(Commands(key: String(parts[0]), commands: commands), at: Timestamp(index))
}

/// Plays a script word by word, with what comes out after each watermark, each `c20` (the clock shows 20) and the end.
///
/// - Parameter restarts: the parallelisms with which the job is started again after each word, in turn; none by default.
func playPuppet(_ script: String, restarts: [Int] = [], time timestamps: Bool = false) throws -> String {
    let input = TestInput<Commands>("commands")
    let log = OutputLog<String>()
    let test = try TestPipeline { p in
        p.input(input).keyBy { $0.key }.process("puppet") { try Puppet($0) }.logged("log", in: log)
    }
    var words: [String] = []
    func take() {
        var records: [(text: String, time: Timestamp)] = []
        for event in log.events.dropFirst(seen) {
            if case .record(let text, let time) = event { records.append((text, time)) }
        }
        seen = log.events.count
        for key in Set(records.map { $0.text.prefix(1) }).sorted() {
            for record in records where record.text.prefix(1) == key {
                words.append(timestamps ? "\(record.text)/\(record.time)" : record.text)
            }
        }
    }
    var seen = 0
    for (index, word) in script.split(separator: " ").enumerated() {
        if word.first == "c", let time = Timestamp(word.dropFirst()) {
            words.append(String(word))
            try test.advanceProcessingTime(to: time)
        } else {
            if word.first == "w" { words.append(String(word)) }
            input.play([puppetStep(word, index: index)])
            try test.settle()
        }
        take()
        if !restarts.isEmpty { try test.restart(parallelism: restarts[index % restarts.count]) }
    }
    words.append("end")
    input.end()
    try test.settle()
    take()
    return words.joined(separator: " ")
}
