import VisibleText

extension String {
    /// The text for a message: without characters that aren't visible, and cut off if it is long.
    var visible: String { visible(upTo: 1000) }
}
