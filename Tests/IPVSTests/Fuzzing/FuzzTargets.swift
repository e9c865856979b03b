import IPVSFuzzing
import Testing

@Suite("Readers of bytes that others write")
struct FuzzTargets {
    private static let all: [FuzzTarget] = [
        .replies, .attributes, .addresses, .tables, .connections,
    ]

    @Test("The corpus and changed copies of it", arguments: all)
    func corpus(target: FuzzTarget) throws {
        try target.checkCorpus()
    }
}
