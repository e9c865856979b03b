/// Why a program can't do as it was told, in sentences.
package struct Failure: Error {
    package let sentences: [String]

    package init(sentences: [String]) { self.sentences = sentences }
    package init(_ sentence: String) { sentences = [sentence] }
}
