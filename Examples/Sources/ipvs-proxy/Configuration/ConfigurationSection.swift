import ArgumentParser
import Common
import IPVS
import Yams

/// Reads the fields of an object in a configuration file.
///
/// A field that is asked for is a known one. As in kube-proxy, one without a value or with an empty text has its default.
struct ConfigurationSection {
    let place: Place
    private var names: Set<String> = []

    init(_ place: Place) { self.place = place }

    /// The field with a name, if it has a value.
    mutating func field(_ name: String) -> Place? {
        names.insert(name)
        return place.filled(name)
    }

    mutating func text(_ name: String, _ fields: inout Fields) -> String? { fields.text(field(name)) }

    mutating func truth(_ name: String, _ fields: inout Fields) -> Bool? { fields.truth(field(name)) }

    /// A value whose text is that of an option.
    mutating func value<Value>(
        _ name: String,
        _ fields: inout Fields,
        _ read: (String) throws(ValidationError) -> Value
    ) -> Value? {
        guard let place = field(name), let text = fields.text(place) else { return nil }
        return fields.value(text, place, read)
    }

    mutating func duration(_ name: String, _ fields: inout Fields) -> GoDuration? {
        value(name, &fields, GoDuration.init(argument:))
    }

    /// A duration of which 0 is the default.
    mutating func positive(_ name: String, _ fields: inout Fields) -> GoDuration? {
        duration(name, &fields).flatMap { $0.duration == .zero ? nil : $0 }
    }

    mutating func timeout(_ name: String, _ fields: inout Fields) -> IdleTimeout? {
        value(name, &fields, IdleTimeout.init(argument:))
    }

    mutating func number<Number: FixedWidthInteger>(
        _ name: String,
        _ limits: ClosedRange<Number>,
        _ fields: inout Fields
    ) -> Number? {
        guard let place = field(name) else { return nil }
        let text = place.node.scalar.flatMap { $0.style == .plain ? $0.string : nil }
        guard let number = text.flatMap({ Number($0) }), limits.contains(number), text?.hasPrefix("+") != true else {
            fields.refuse(
                place,
                "must be a whole number from \(limits.lowerBound) to \(limits.upperBound), not \(place.node.shown)"
            )
            return nil
        }
        return number
    }

    /// The texts of a list as values.
    mutating func list<Value>(
        _ name: String,
        _ fields: inout Fields,
        _ read: (String) throws(ValidationError) -> Value
    ) -> [Value]? {
        guard let place = field(name) else { return nil }
        var values: [Value] = []
        for element in fields.list(place) {
            guard let text = fields.text(element), let value = fields.value(text, element, read) else { continue }
            values.append(value)
        }
        return values
    }

    /// The objects in this one.
    mutating func section(
        _ name: String,
        _ fields: inout Fields,
        _ read: (inout ConfigurationSection, inout Fields) -> Void
    ) {
        guard let place = fields.object(field(name)) else { return }
        var section = ConfigurationSection(place)
        read(&section, &fields)
        section.refuseOthers(&fields)
    }

    /// Refuses the fields that nobody has asked for.
    func refuseOthers(_ fields: inout Fields) {
        for (key, value) in place.fields {
            guard let name = key.string, !names.contains(name) else {
                if key.string == nil { fields.refuse(value, "the name of a field must be a text") }
                continue
            }
            let meant = name.nearest(of: names.sorted()).map { "; did you mean \($0)?" } ?? ""
            fields.refuse(value, "there is no such field\(meant)", line: key.mark?.line)
        }
    }
}

extension Fields {
    /// A value from the text at a place, by the rules of an option.
    mutating func value<Value>(
        _ text: String,
        _ place: Place,
        _ read: (String) throws(ValidationError) -> Value
    ) -> Value? {
        do throws(ValidationError) {
            return try read(text)
        } catch {
            // On the command line, the sentence follows the name of the option.
            let sentence = error.message.hasPrefix("it ") ? String(error.message.dropFirst(3)) : error.message
            refuse(place, sentence.hasPrefix("must be ") ? "\(sentence), not \(place.node.shown)" : sentence)
            return nil
        }
    }

    /// Records an error of a place on a line.
    mutating func refuse(_ place: Place, _ reason: String, line: Int?) {
        var error = place.error(reason)
        error.line = line ?? error.line
        refuse(error)
    }
}
