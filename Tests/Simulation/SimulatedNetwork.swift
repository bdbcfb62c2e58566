import RPC
import ServiceRuntime
import Wire

/// How often the network does what to a frame, as probabilities.
struct NetworkFaults: Hashable, Sendable {
    /// The connection is cut and the request lost.
    var losesRequest = 0.0
    /// The connection is cut and the answer lost.
    var losesReply = 0.0
    /// The request comes a second time, by itself, up to 20 s later.
    var repeatsRequest = 0.0
    /// The answer comes twice.
    var repeatsReply = 0.0
    /// A frame takes up to 4 s.
    var delays = 0.0
}

/// The connections between the processes of a simulation. Frames arrive whole, in order, after a
/// random time, or never.
// Safe: used on the simulation's thread only.
final class SimulatedNetwork: @unchecked Sendable {
    typealias Accept = @Sendable (any ByteStream, EventLoop) -> Void

    private struct Listening {
        let host: String
        let loop: EventLoop
        let accept: Accept
    }

    let world: EventLoop
    let log: EventLog
    private let random: RandomSource
    var faults: NetworkFaults
    /// Told of each call that leaves or reaches a process: where it may die.
    var pass: (_ host: String, _ point: String) -> Void = { _, _ in }
    private var listeners: [UInt16: Listening] = [:]
    private var links: [Link] = []
    private var linkCount = 0
    /// Pairs of hosts that cannot reach each other.
    private var walls: Set<String> = []
    /// Keys of commands whose refusal their caller has heard.
    private var refused: [[UInt8]] = []

    init(world: EventLoop, log: EventLog, random: RandomSource, faults: NetworkFaults) {
        self.world = world
        self.log = log
        self.random = random
        self.faults = faults
    }

    // MARK: Connections

    func listen(_ port: UInt16, host: String, loop: EventLoop, accept: @escaping Accept) {
        listeners[port] = Listening(host: host, loop: loop, accept: accept)
    }

    /// - Parameter isAlive: Whether the process that connects is still there.
    func connect(
        from host: String, to port: UInt16, loop: EventLoop,
        isAlive: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<any ByteStream, TransportError>) -> Void
    ) {
        world.execute { [self] in
            world.schedule(after: latency()) { [self] in
                guard isAlive() else { return }
                guard let listening = listeners[port],
                    !walls.contains(Self.wall(host, listening.host))
                else {
                    loop.execute { completion(.failure(TransportError("nobody listens"))) }
                    return
                }
                let link = open(from: host, loop: loop, to: listening)
                listening.loop.execute { listening.accept(link.server, listening.loop) }
                loop.execute { completion(.success(link.client)) }
            }
        }
    }

    private func open(from host: String, loop: EventLoop, to listening: Listening) -> Link {
        linkCount += 1
        let link = Link(
            number: linkCount, network: self,
            client: Endpoint(host: host, loop: loop),
            server: Endpoint(host: listening.host, loop: listening.loop))
        links.append(link)
        return link
    }

    private static func wall(_ left: String, _ right: String) -> String {
        left < right ? "\(left)|\(right)" : "\(right)|\(left)"
    }

    /// Separates two hosts until ``join(_:_:)``.
    func separate(_ left: String, _ right: String) {
        walls.insert(Self.wall(left, right))
        for link in links
        where Self.wall(link.client.host, link.server.host)
            == Self.wall(left, right)
        {
            cut(link)
        }
    }

    func join(_ left: String, _ right: String) { walls.remove(Self.wall(left, right)) }

    /// The host's process is gone: its peers see their connections end.
    func kill(_ host: String) {
        for (port, listening) in listeners where listening.host == host { listeners[port] = nil }
        for link in links where link.client.host == host || link.server.host == host {
            let dead = link.client.host == host ? link.client : link.server
            dead.isDead = true
            dead.end()
            // What was in the buffers of the system may still arrive, or not.
            if random.chance(0.5) { link.isCut = true }
            end(link)
        }
    }

    private func cut(_ link: Link) {
        link.isCut = true
        end(link)
    }

    private func end(_ link: Link) {
        guard !link.isEnded else { return }
        link.isEnded = true
        world.execute { [self] in
            let soon = world.now + .microseconds(100)
            let last = max(link.client.lastDelivery, link.server.lastDelivery, soon)
            for endpoint in [link.client, link.server] {
                let at = max(endpoint.other.lastDelivery, soon)
                world.schedule(at: at) { endpoint.end() }
            }
            world.schedule(at: last) { [self] in links.removeAll { $0 === link } }
        }
    }

    /// One side has closed.
    func closed(_ endpoint: Endpoint, _ link: Link) { end(link) }

    // MARK: Frames

    private func latency() -> Duration {
        if random.chance(faults.delays) { return random.duration(.milliseconds(50), .seconds(4)) }
        return .microseconds(100) + random.jitter(.microseconds(1_900))
    }

    func send(_ bytes: [UInt8], from sender: Endpoint, on link: Link) {
        guard !link.isEnded, !sender.isDead else { return }
        let frame = Frame(bytes)
        switch frame.kind {
        case .hello:
            if sender === link.client, link.hello.isEmpty { link.hello = bytes }
            deliver(bytes, to: sender.other, on: link, "")
        case .request:
            link.methods[frame.stream] = frame.method
            sendRequest(bytes, frame.method, from: sender, on: link)
        case .response, .error, .end, .item:
            guard sender === link.server, let method = link.methods[frame.stream] else {
                return deliver(bytes, to: sender.other, on: link, "")
            }
            sendReply(bytes, frame, method, from: sender, on: link)
        case .window, .cancel, .ping, .pong, .goaway:
            deliver(bytes, to: sender.other, on: link, "")
        }
    }

    private func sendRequest(
        _ bytes: [UInt8], _ method: String, from sender: Endpoint, on link: Link
    ) {
        pass(sender.host, "asks.\(method)")
        guard !sender.isDead else { return }
        if random.chance(faults.losesRequest) {
            log.note("lost request \(sender.host) \(method)")
            return cut(link)
        }
        deliver(bytes, to: sender.other, on: link, "takes.\(method)")
        if random.chance(faults.repeatsRequest), Self.isRepeatable(method) {
            repeatLater(bytes, method, hello: link.hello, to: link.server.host)
        }
    }

    /// Streams would only be read by nobody; references are a newest state, whose delayed repeat no
    /// client of ours can cause: it waits for each answer before it tells the next.
    private static func isRepeatable(_ method: String) -> Bool {
        !method.contains("/Watch") && !method.hasSuffix("/SetReferences")
    }

    private func sendReply(
        _ bytes: [UInt8], _ frame: Frame, _ method: String, from sender: Endpoint, on link: Link
    ) {
        pass(sender.host, "answers.\(method)")
        guard !sender.isDead else { return }
        let isLast = frame.kind != .item
        if isLast, random.chance(faults.losesReply) {
            log.note("lost reply \(sender.host) \(method)")
            return cut(link)
        }
        let text = frame.kind == .error ? "hears.\(method) \(frame.error)" : "hears.\(method)"
        deliver(bytes, to: sender.other, on: link, text)
        if isLast, random.chance(faults.repeatsReply) {
            deliver(bytes, to: sender.other, on: link, "again.\(method)")
        }
    }

    private func deliver(
        _ bytes: [UInt8], to receiver: Endpoint, on link: Link, _ point: String
    ) {
        let sender: Endpoint = receiver.other
        sender.lastDelivery = max(sender.lastDelivery, world.now + latency())
        let at = sender.lastDelivery
        world.execute { [self] in
            world.schedule(at: at) { [self] in
                guard !link.isCut, !receiver.isDead else { return }
                if !point.isEmpty {
                    log.note("\(receiver.host) \(point)")
                    pass(receiver.host, point)
                    guard !receiver.isDead else { return }
                }
                receiver.receive(bytes)
            }
        }
    }

    /// The caller of this key was told no: what it does with it now is another request.
    func refuse(_ key: String) { refused.append(Array(key.utf8)) }

    private static func contains(_ key: [UInt8], in bytes: [UInt8]) -> Bool {
        guard key.count <= bytes.count else { return false }
        return (0...bytes.count - key.count).contains { bytes[$0...].starts(with: key) }
    }

    /// Sends a request once more over a connection of its own, whose answer nobody reads.
    private func repeatLater(_ bytes: [UInt8], _ method: String, hello: [UInt8], to host: String) {
        let delay = random.duration(.milliseconds(1), .seconds(20))
        world.execute { [self] in
            world.schedule(after: delay) { [self] in
                // A connection does not hold back for seconds what was refused on a later one.
                guard !refused.contains(where: { Self.contains($0, in: bytes) }) else { return }
                guard let port = listeners.first(where: { $0.value.host == host })?.key,
                    let listening = listeners[port]
                else { return }
                let link = open(from: "nobody", loop: world, to: listening)
                link.client.isGhost = true
                link.methods[Frame(bytes).stream] = method
                listening.loop.execute { listening.accept(link.server, listening.loop) }
                deliver(hello, to: link.server, on: link, "")
                deliver(bytes, to: link.server, on: link, "takes again.\(method)")
            }
        }
    }
}

/// What the network sees of a frame.
private struct Frame {
    var kind = FrameKind.ping
    var stream: UInt64 = 0
    var method = ""
    var error = ""

    /// - Parameter bytes: With the length before it.
    init(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            guard let view = try? FrameView(UnsafeRawBufferPointer(rebasing: buffer[4...])) else {
                return
            }
            kind = view.kind
            stream = view.stream
            if view.kind == .request { method = view.methodName }
            if view.kind == .error { error = view.status?.domainCode ?? "" }
        }
    }
}

/// One connection.
// Safe: used on the simulation's thread only.
final class Link: @unchecked Sendable {
    let number: Int
    let client: Endpoint
    let server: Endpoint
    /// Nothing more arrives, not even what is under way.
    var isCut = false
    var isEnded = false
    var hello: [UInt8] = []
    var methods: [UInt64: String] = [:]

    init(number: Int, network: SimulatedNetwork, client: Endpoint, server: Endpoint) {
        self.number = number
        self.client = client
        self.server = server
        client.join(self, server, network)
        server.join(self, client, network)
    }
}

/// One end of a connection.
// Safe: used on the simulation's thread only.
final class Endpoint: ByteStream, @unchecked Sendable {
    weak var observer: (any ByteStreamObserver)?
    let host: String
    let isLoopback = true
    private(set) var peer = ""
    private let loop: EventLoop
    /// Nil once it is closed, so that a connection that both have closed goes.
    private var link: Link?
    private var network: SimulatedNetwork!
    private(set) weak var other: Endpoint!
    var lastDelivery = Instant(nanoseconds: 0)
    /// Its process is gone.
    var isDead = false
    /// Nobody reads what comes here.
    var isGhost = false
    private var isOpen = true
    private var isAtEnd = false
    private var isReading = true
    private var incoming: [UInt8] = []
    private var head = 0
    private var partial: [UInt8] = []

    init(host: String, loop: EventLoop) {
        self.host = host
        self.loop = loop
    }

    fileprivate func join(_ link: Link, _ other: Endpoint, _ network: SimulatedNetwork) {
        self.link = link
        self.other = other
        self.network = network
        peer = other.host
    }

    func start() { wake() }

    func receive(_ bytes: [UInt8]) {
        if isGhost {
            if Frame(bytes).kind != .hello { close() }
            return
        }
        incoming += bytes
        wake()
    }

    /// The other side is gone.
    func end() {
        isAtEnd = true
        wake()
    }

    private func wake() {
        loop.execute { [weak self] in
            guard let self, isOpen, isReading else { return }
            observer?.readable()
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        let available = incoming.count - head
        guard available > 0 else { return isAtEnd || isDead ? .closed : .wouldBlock }
        let count = min(available, buffer.count)
        incoming.withUnsafeBytes { bytes in
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[head..<head + count]))
        }
        head += count
        if head == incoming.count {
            incoming.removeAll(keepingCapacity: true)
            head = 0
        }
        return .bytes(count)
    }

    func write(from output: inout OutputBuffer) -> WriteResult {
        guard let link, isOpen, !isAtEnd, !isDead else { return .closed }
        while !output.isEmpty {
            let front = output.front
            partial += front
            output.consume(front.count)
        }
        while partial.count >= 4 {
            let length = partial[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard partial.count >= 4 + length else { break }
            let frame = Array(partial[..<(4 + length)])
            partial.removeFirst(4 + length)
            network.send(frame, from: self, on: link)
        }
        return isDead ? .closed : .complete
    }

    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        if isReading { wake() }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        observer = nil
        if !isDead, let link { network.closed(self, link) }
        link = nil
    }
}

/// The network as one process sees it.
final class SimulatedTransport: Transport {
    private let network: SimulatedNetwork
    private let host: String
    private let isDead = Lock(false)
    let mayBlockToResolve = false

    init(network: SimulatedNetwork, host: String) {
        self.network = network
        self.host = host
    }

    /// Its process is gone: nothing leaves it any more.
    func kill() { isDead.withLock { $0 = true } }

    private struct Listening: Listener {
        let address: SocketAddress
        func close() {}
    }

    func listen(
        on address: SocketAddress, loops: [EventLoop],
        accept: @escaping @Sendable (any ByteStream, EventLoop) -> Void
    ) throws(TransportError) -> any Listener {
        guard !isDead.withLock({ $0 }) else { throw TransportError("the process is gone") }
        network.listen(address.port, host: host, loop: loops[0], accept: accept)
        return Listening(address: address)
    }

    func connect(
        to address: SocketAddress, loop: EventLoop, timeout: Duration,
        completion: @escaping @Sendable (Result<any ByteStream, TransportError>) -> Void
    ) {
        guard !isDead.withLock({ $0 }) else {
            loop.execute { completion(.failure(TransportError("the process is gone"))) }
            return
        }
        network.connect(
            from: host, to: address.port, loop: loop,
            isAlive: { [self] in !isDead.withLock { $0 } }, completion: completion)
    }

    func resolve(_ address: SocketAddress) throws(TransportError) -> [SocketAddress] { [address] }
}
