import Common
import Glibc

extension Top {
    /// A terminal in raw mode with an alternate screen.
    struct Terminal {
        private let isColoured: Bool

        /// The terminal's original settings, or nil if there are no keys to read.
        private let original: termios?

        init(isColoured: Bool) {
            self.isColoured = isColoured
            var settings = termios()
            original = tcgetattr(STDIN_FILENO, &settings) == 0 ? settings : nil
        }

        /// Whether keys can be read from standard input.
        var hasKeys: Bool { original != nil }

        /// The terminal's size, by default 80 x 24.
        var size: Size {
            var size = winsize()
            guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
                return Size(width: 80, height: 24)
            }
            return Size(width: Int(size.ws_col), height: Int(size.ws_row))
        }

        /// Switches to raw mode and the alternate screen.
        func enter() {
            if var settings = original {
                // Ctrl-C and Ctrl-Z are keys, so that the program doesn't end or stop before the terminal is restored.
                settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
                settings.c_iflag &= ~tcflag_t(IXON | ICRNL)
                tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
            }
            Console.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
        }

        /// Restores the terminal.
        func leave() {
            Console.write("\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l")
            if var original { tcsetattr(STDIN_FILENO, TCSAFLUSH, &original) }
        }

        /// Stops the program, as Ctrl-Z usually does, until it is continued.
        func suspend() {
            leave()
            // To this thread, as with another one this thread would run on for a while. Threads of tasks block
            // signals.
            var (stop, before) = (sigset_t(), sigset_t())
            sigemptyset(&stop)
            sigaddset(&stop, SIGTSTP)
            pthread_sigmask(SIG_UNBLOCK, &stop, &before)
            raise(SIGTSTP)
            pthread_sigmask(SIG_SETMASK, &before, nil)
            enter()
        }

        /// Discards the contents of the screen after it was resized.
        func clear() { Console.write("\u{1b}[2J") }

        /// Overwrites the previous page at once, without a blank screen in between.
        func draw(_ page: Page) {
            let lines = page.lines.map { styled($0) + "\u{1b}[K" }
            Console.write("\u{1b}[H" + lines.joined(separator: "\r\n") + "\u{1b}[J")
        }

        private func styled(_ line: Page.Line) -> String {
            let style =
                switch line.role {
                case .title, .service: "1"
                case .heading: "7"
                case .error: "31"
                case .help: "2"
                case .realServer: ""
                }
            return isColoured && !style.isEmpty ? "\u{1b}[\(style)m\(line.text)\u{1b}[0m" : line.text
        }
    }
}
