import ArgumentParser
import Common
import Glibc
import IPVS

extension Top {
    /// Reads the servers periodically and displays them.
    struct Watch {
        private let handle: Handle
        private let interval: Duration

        /// The number of remaining updates, or nil if there is no limit.
        private var showsLeft: Int?

        /// The number of snapshots per update: enough to see each change of the counters, or one if the interval spans
        /// several changes.
        private let looksPerShow: Int
        private var looks = 0

        private var view: View
        private var activity = Activity()
        private var caption = Caption(time: "")
        private let start = ContinuousClock.now

        init(_ handle: Handle, _ view: View, interval: Duration, count: Int?) {
            self.handle = handle
            self.view = view
            self.interval = interval
            showsLeft = count
            looksPerShow = interval >= Meter.period * 2 ? 1 : Int((interval / .seconds(1)).rounded(.up))
        }

        private var lookInterval: Duration { interval / looksPerShow }

        /// Reads the servers. Those that can't be read stay the same. Returns whether to display them.
        private mutating func look() -> Bool {
            caption.time = Self.timeOfDay()
            do throws(IPVSError) {
                activity.update(try Snapshot(handle, at: ContinuousClock.now - start))
                caption.error = nil
            } catch {
                caption.error = "\(error)"
            }
            let isDue = looks % looksPerShow == 0
            looks += 1
            if isDue { showsLeft = showsLeft.map { $0 - 1 } }
            return isDue
        }

        /// Displays the servers until the user quits.
        mutating func show(on terminal: Terminal) async {
            let events = Events(readingKeys: terminal.hasKeys)
            var keys = KeyReader()
            terminal.enter()
            defer { terminal.leave() }
            var next = ContinuousClock.now
            events.tick(at: next)
            for await event in events.stream {
                switch event {
                case .tick:
                    if showsLeft == 0 { return }
                    let isDue = look()
                    next = max(next + lookInterval, ContinuousClock.now)
                    events.tick(at: next)
                    guard isDue else { continue }
                case .input(let bytes):
                    for key in keys.read(bytes) {
                        switch view.press(key, pageRows: Page.rows(on: terminal.size, caption)) {
                        case .quit: return
                        case .suspend: terminal.suspend()
                        case nil: break
                        }
                    }
                case .resize: terminal.clear()
                case .resume: terminal.enter()
                case .end: return
                }
                terminal.draw(Page(activity, &view, caption, size: terminal.size))
            }
        }

        /// Prints the servers block by block. Signals end the program at once.
        mutating func print() async throws {
            var next = ContinuousClock.now
            while true {
                if look() { printPage() }
                if showsLeft == 0 { break }
                next = max(next + lookInterval, ContinuousClock.now)
                try await Task.sleep(until: next, clock: .continuous)
            }
            if caption.error != nil { throw ExitCode.failure }
        }

        private func printPage() {
            if let error = caption.error {
                Console.fail(error)
            } else {
                let lines = Page(activity, view, caption).lines.map(\.text)
                Console.write(lines.joined(separator: "\n") + "\n\n")
            }
        }

        private static func timeOfDay() -> String {
            var now = time(nil)
            var parts = tm()
            localtime_r(&now, &parts)
            return String(unsafeUninitializedCapacity: 16) { buffer in
                buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress, $0.count, "%H:%M:%S", &parts) }
            }
        }
    }
}
