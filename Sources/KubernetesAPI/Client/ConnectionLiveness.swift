import Glibc
import NIOCore

/// Lets the kernel find out within about a minute that the other end of a connection is gone without a word.
enum ConnectionLiveness {
    /// How long a connection is silent until the kernel asks whether the other end is there.
    private static let idle = 30

    /// How long it waits for each answer.
    private static let interval = 10

    /// How many unanswered questions end the connection.
    private static let count = 3

    static func enable(on channel: any Channel) -> EventLoopFuture<Void> {
        let limit = idle + interval * count
        let options: [(level: NIOBSDSocket.OptionLevel, name: CInt, value: Int)] = [
            (.socket, SO_KEEPALIVE, 1),
            (.tcp, TCP_KEEPIDLE, idle),
            (.tcp, TCP_KEEPINTVL, interval),
            (.tcp, TCP_KEEPCNT, count),
            // The same for data that was sent and is not acknowledged.
            (.tcp, userTimeout, limit * 1000),
        ]
        let futures = options.map { option in
            channel.setOption(
                ChannelOptions.Types.SocketOption(level: option.level, name: .init(rawValue: option.name)),
                value: .init(option.value)
            )
        }
        return EventLoopFuture.andAllSucceed(futures, on: channel.eventLoop)
    }

    /// `TCP_USER_TIMEOUT`, which Glibc's module does not show.
    private static let userTimeout: CInt = 18
}
