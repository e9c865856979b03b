import Foundation
import NIOCore
import Testing

@testable import KubernetesAPI

@Suite("Decoding of lists and streams")
struct DecodingTests {
    @Test("Lines are the same however the stream is cut", arguments: 1...12)
    func lines(size: Int) throws {
        let bytes = Array("one\ntwo\n\nthree and more\nrest".utf8)
        var splitter = LineSplitter(limit: 100)
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            splitter.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            while let line = try splitter.next() { lines.append(String(buffer: line)) }
        }
        #expect(lines == ["one", "two", "", "three and more"])
        #expect(splitter.hasRest)
    }

    @Test("A line that is longer than the limit is an error")
    func longLine() throws {
        var splitter = LineSplitter(limit: 4)
        splitter.append(ByteBuffer(string: "12345"))
        #expect(throws: LineSplitter.TooLong.self) { try splitter.next() }
    }

    private func page(_ fields: String) throws -> ObjectPage<CoreV1.Service> {
        try ObjectList<CoreV1.Service>.page(Data("{\(fields)}".utf8))
    }

    @Test("An object that can't be read has its name, and the others are read")
    func unreadable() throws {
        let page = try page(
            #"""
            "kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[
            {"metadata":{"name":"a","namespace":"n"}},{"metadata":{"name":"b","namespace":"n"},"spec":{"ports":3}}]
            """#
        )
        #expect(page.objects.map(\.name) == [ObjectName("n", "a")])
        #expect(page.unreadable.map(\.name) == [ObjectName("n", "b")])
        #expect(page.unreadable.first?.reason == "spec.ports: must be an array")
    }

    @Test(
        "What is not a list is an error, never an empty list",
        arguments: [
            #""kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7"}"#,
            #""kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]"#,
            #""kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]"#,
            #""kind":"Status","apiVersion":"v1","metadata":{}"#,
        ]
    )
    func noList(fields: String) {
        #expect(throws: ObjectList<CoreV1.Service>.Malformed.self) { try page(fields) }
    }

    @Test("Null items are an empty list")
    func nullItems() throws {
        let page = try page(#""kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":null"#)
        #expect(page.objects.isEmpty && page.resourceVersion == "7")
    }
}
