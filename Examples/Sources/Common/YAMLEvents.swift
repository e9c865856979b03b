// The parser that Yams has inside.
import CYaml

/// The events of a YAML text: each is the beginning or the end of a value.
///
/// Yams makes a tree of them at once, which for a hostile text is too large for memory or too deep for the stack. It
/// shares the values that aliases stand for, but even a comparison of two such values would never end.
enum YAMLEvents {
    /// Refuses a text that is beyond the limits. Other errors are left to Yams.
    static func check(_ text: String) throws(FileError) {
        var text = text
        let error: FileError? = text.withUTF8 { bytes in
            var counter = Counter()
            do throws(FileError) {
                try counter.read(bytes)
                return nil
            } catch {
                return error
            }
        }
        guard var error else { return }
        error.line = error.line.map { min($0, text.yamlLines) }
        throw error
    }

    private struct Counter {
        /// The numbers of written and of aliased values.
        private var written = 0
        private var aliased = 0

        /// The lists and objects that have begun: their anchors, the number of values before, and how deep they are so
        /// far.
        private var open: [(anchor: String?, before: Int, depth: Int)] = []

        /// What anchors stand for: the number of values, and how deep they are inside each other.
        private var anchored: [String: (size: Int, depth: Int)] = [:]

        mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(FileError) {
            var parser = yaml_parser_t()
            guard yaml_parser_initialize(&parser) == 1 else { throw FileError(reason: "can't be read: out of memory") }
            defer { yaml_parser_delete(&parser) }
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            var event = yaml_event_t()
            while yaml_parser_parse(&parser, &event) == 1 {
                defer { yaml_event_delete(&event) }
                guard event.type != YAML_STREAM_END_EVENT else { return }
                try take(event)
            }
            // It looks ahead for brackets, before it has their events.
            if let problem = parser.problem, String(cString: problem).hasPrefix("Maximum nesting level") {
                throw .tooDeep(line: Int(parser.mark.line) + 1)
            }
        }

        private mutating func take(_ event: yaml_event_t) throws(FileError) {
            let line = Int(event.start_mark.line) + 1
            switch event.type {
            case YAML_SCALAR_EVENT:
                written += 1
                if let anchor = Self.text(event.data.scalar.anchor) { anchored[anchor] = (1, 0) }
            case YAML_SEQUENCE_START_EVENT: try begin(Self.text(event.data.sequence_start.anchor), line)
            case YAML_MAPPING_START_EVENT: try begin(Self.text(event.data.mapping_start.anchor), line)
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                guard let (anchor, before, depth) = open.popLast() else { return }
                if let anchor { anchored[anchor] = (written + aliased - before, depth) }
                contain(depth)
            case YAML_ALIAS_EVENT:
                // An alias without an anchor before it is an error, which Yams reports.
                guard let value = Self.text(event.data.alias.anchor).flatMap({ anchored[$0] }) else { return }
                aliased += value.size
                guard aliased <= DocumentLimits.aliasedValues else { throw .tooManyAliasedValues(line: line) }
                guard open.count + value.depth <= DocumentLimits.depth else { throw .tooDeep(line: line) }
                contain(value.depth)
            default: break
            }
            guard written <= DocumentLimits.values else { throw .tooManyValues(line: line) }
        }

        private mutating func begin(_ anchor: String?, _ line: Int) throws(FileError) {
            guard open.count < DocumentLimits.depth else { throw .tooDeep(line: line) }
            open.append((anchor, written + aliased, 1))
            written += 1
        }

        /// Records that the last list or object that has begun has a value with a depth in it.
        private mutating func contain(_ depth: Int) {
            guard let last = open.indices.last else { return }
            open[last].depth = max(open[last].depth, depth + 1)
        }

        private static func text(_ pointer: UnsafePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }
        private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
            pointer.map { String(cString: $0) }
        }
    }
}
