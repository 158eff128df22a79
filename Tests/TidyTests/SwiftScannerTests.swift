import Testing

/// Code, comments and string literals are told apart.
///
/// In the tables a dot stands for a blank.
@Suite struct SwiftScannerTests {
    @Test(arguments: [
        ("a // b", "a ····", "··// b"),
        ("a /* b /* c */ d */ e", "a ················· e", "··/* b /* c */ d */··"),
        ("a /* b\nc */ d", "a ····\n···· d", "··/* b\nc */··"),
        (#"f("// b") // c"#, "f(······) ····", "··········// c"),
        (#"f("a\"b") // c"#, "f(······) ····", "··········// c"),
        (#"f("a\\") // c"#, "f(·····) ····", "·········// c"),
        (##"f(#"a"b\"#) // c"##, "f(········) ····", "············// c"),
        ("f(\"\"\"\n\"a\" // b\n\"\"\") // c", "f(···\n········\n···) ····", "·····\n········\n·····// c"),
        (#"f("a\(b + g("c"))d") e"#, "f(····b + g(···))··) e", "······················"),
        (##"f(#"a\(b)\#(c)d"#) e"##, "f(··········c)···) e", "····················"),
        ("let a = \"unterminated\nf() // b", "let a = ·············\nf() ····", "·····················\n····// b"),
        ("a / b", "a / b", "·····"),
    ])
    func separates(source: String, code: String, comments: String) {
        var scanner = SwiftScanner(source)
        scanner.scan()
        #expect(String(decoding: scanner.code, as: UTF8.self) == code.replacing("·", with: " "))
        #expect(String(decoding: scanner.comments, as: UTF8.self) == comments.replacing("·", with: " "))
    }

    @Test(arguments: ["/* a", "\"a", "\"\"\"a", "\"a\\", "#\"a\"", "\"\\(a", "#", "*/", "\"a\\\u{1F600}"])
    func endsWhereTheFileEnds(source: String) {
        var scanner = SwiftScanner(source)
        scanner.scan()
        #expect(scanner.code.count == source.utf8.count)
    }
}
