import IPVSFuzzing
import Testing

@Suite struct FuzzTargets {
    private static let all: [FuzzTarget] = [.replies, .texts]

    @Test(arguments: all)
    func corpus(target: FuzzTarget) throws {
        try target.checkCorpus()
    }
}
