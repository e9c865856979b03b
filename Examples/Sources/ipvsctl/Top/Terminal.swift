import Common
import Glibc

extension Top {
    /// A terminal that is taken over: a screen of its own, keys without a line's end.
    struct Terminal {
        private let isColoured: Bool

        /// How the terminal reads keys when it is not taken over; nil if there are no keys to read.
        private let original: termios?

        init(isColoured: Bool) {
            self.isColoured = isColoured
            var settings = termios()
            original = tcgetattr(STDIN_FILENO, &settings) == 0 ? settings : nil
        }

        /// Whether keys can be read from standard input.
        var hasKeys: Bool { original != nil }

        /// The terminal's size; that of the first ones if it doesn't say.
        var size: Size {
            var size = winsize()
            guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
                return Size(width: 80, height: 24)
            }
            return Size(width: Int(size.ws_col), height: Int(size.ws_row))
        }

        /// Takes the terminal over.
        func enter() {
            if var settings = original {
                // Ctrl-C and Ctrl-Z come as keys, so that nothing ends or stops before the terminal is given back.
                settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
                settings.c_iflag &= ~tcflag_t(IXON | ICRNL)
                tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
            }
            Console.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
        }

        /// Gives the terminal back as it was.
        func leave() {
            Console.write("\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l")
            if var original { tcsetattr(STDIN_FILENO, TCSAFLUSH, &original) }
        }

        /// Stops the program, as Ctrl-Z does elsewhere, until its user wants it again.
        func suspend() {
            leave()
            // To this thread and none other, which would let this one go on for a while. Threads of tasks block
            // signals.
            var (stop, before) = (sigset_t(), sigset_t())
            sigemptyset(&stop)
            sigaddset(&stop, SIGTSTP)
            pthread_sigmask(SIG_UNBLOCK, &stop, &before)
            raise(SIGTSTP)
            pthread_sigmask(SIG_SETMASK, &before, nil)
            enter()
        }

        /// Forgets what is on the screen, whose size has changed.
        func clear() { Console.write("\u{1b}[2J") }

        /// Writes a page over the one before, at once and without a blank screen between them.
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
