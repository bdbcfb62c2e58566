internal import Glibc
internal import ServiceRuntime

/// The settings that every service has.
struct CommonSettings: Sendable {
    let listen: SocketAddress
    let metricsListen: SocketAddress?
    let logLevel: LogLevel
    let loops: Int
    let busyPoll: Duration
    let clusterSecret: [UInt8]?

    init(_ reader: inout ConfigurationReader, defaultPort: UInt16) throws(ConfigurationError) {
        listen = reader.address(
            "LISTEN", default: "127.0.0.1:\(defaultPort)",
            help: "Where to listen, host:port; port 0 = any free one.")
        let metrics = reader.optionalText(
            "METRICS_LISTEN", help: "host:port of /metrics, /health/live and /health/ready.")
        if let metrics {
            guard let address = SocketAddress(metrics) else {
                throw ConfigurationError("METRICS_LISTEN is \"\(metrics)\"; expected host:port")
            }
            metricsListen = address
        } else {
            metricsListen = nil
        }
        // Read by the subcommands and by callers; known here so that one environment serves all.
        _ = reader.optionalText(
            "ADDRESS", help: "Where subcommands, and the other services, find this one.")
        enum Level: String, CaseIterable { case debug, info, warning, error }
        let level = reader.choice(
            "LOG_LEVEL", default: Level.info, help: "debug, info, warning or error.")
        logLevel = LogLevel.allCases.first { $0.name == level.rawValue } ?? .info
        loops = reader.integer(
            "LOOPS", default: 1, in: 1...64, help: "Threads that read, handle and answer calls.")
        busyPoll = .microseconds(
            reader.integer(
                "BUSY_POLL_US", default: 100, in: 0...1000,
                help: "How long to look for answers before sleeping, in µs; 0 = never."))
        let text = reader.optionalText(
            "CLUSTER_SECRET", help: "Proves services to one another; at least 16 bytes.",
            isSecret: true, isShared: true)
        let file = reader.optionalText(
            "CLUSTER_SECRET_FILE", help: "A file with the cluster secret.", isShared: true)
        clusterSecret = try Self.clusterSecret(text: text, file: file)
        guard clusterSecret != nil || listen.isLoopback else {
            throw ConfigurationError(
                "CLUSTER_SECRET is required to listen on \(listen), which others can reach")
        }
    }

    static func clusterSecret(
        _ environment: [String: String]
    ) throws(ConfigurationError) -> [UInt8]? {
        try clusterSecret(
            text: environment["CLUSTER_SECRET"], file: environment["CLUSTER_SECRET_FILE"])
    }

    private static func clusterSecret(
        text: String?, file: String?
    ) throws(ConfigurationError) -> [UInt8]? {
        var secret = text.map { Array($0.utf8) }
        if secret == nil, let file {
            guard let bytes = readFile(file) else {
                throw ConfigurationError("CLUSTER_SECRET_FILE \(file) cannot be read")
            }
            secret = bytes
        }
        while let last = secret?.last, last == UInt8(ascii: "\n") { secret?.removeLast() }
        if let secret, secret.count < 16 {
            throw ConfigurationError("the cluster secret has \(secret.count) bytes; use 16 or more")
        }
        return secret
    }

    private static func readFile(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }
}
