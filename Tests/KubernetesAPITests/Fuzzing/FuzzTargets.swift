import IPVSFuzzing
import Testing

/// What servers, files and programs say, whatever it is.
@Suite struct FuzzTargets {
    private static let all: [FuzzTarget] = [.apiObjects, .watchStream, .kubeconfig, .execCredentials, .retryAfter]

    @Test(arguments: all) func corpus(target: FuzzTarget) throws {
        try target.checkCorpus()
    }
}

/// Throws a failure if a sentence is empty, or has what confuses a terminal or a log.
func holdIsSentence(_ text: String) throws {
    let isClean = text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
    try hold(!text.isEmpty && isClean, "a sentence is empty or has control characters: \(text.debugDescription)")
}
