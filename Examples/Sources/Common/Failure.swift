/// The reasons why a program fails, as sentences.
package struct Failure: Error {
    package let sentences: [String]

    package init(sentences: [String]) { self.sentences = sentences }
    package init(_ sentence: String) { sentences = [sentence] }
}
