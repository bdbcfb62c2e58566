package import ServiceRuntime
internal import Wire

/// Connections inside one process, for tests and simulation: the same behaviour as TCP without
/// sockets, with a bounded buffer in each direction.
package final class InMemoryTransport: Transport {
    private struct Listening {
        let loops: [EventLoop]
        let accept: @Sendable (any ByteStream, EventLoop) -> Void
        var turn = 0
    }

    private struct State {
        var listening: [SocketAddress: Listening] = [:]
        var nextPort: UInt16 = 1
    }

    private let state = Lock(State())
    private let pipeBytes: Int

    /// - Parameter pipeBytes: How much one direction holds before the writer must wait.
    package init(pipeBytes: Int = 1 << 20) {
        self.pipeBytes = pipeBytes
    }

    package func listen(
        on address: SocketAddress, loops: [EventLoop],
        accept: @escaping @Sendable (any ByteStream, EventLoop) -> Void
    ) throws(TransportError) -> any Listener {
        let bound: SocketAddress? = state.withLock { state in
            var bound = address
            if bound.port == 0 {
                bound = SocketAddress(host: address.host, port: state.nextPort)
                state.nextPort += 1
            }
            guard state.listening[bound] == nil else { return nil }
            state.listening[bound] = Listening(loops: loops, accept: accept)
            return bound
        }
        guard let bound else { throw TransportError("cannot listen on \(address): in use") }
        return InMemoryListener(address: bound) { [weak self] in
            self?.state.withLock { $0.listening[bound] = nil }
        }
    }

    package func connect(
        to address: SocketAddress, loop: EventLoop, timeout: Duration,
        completion: @escaping @Sendable (Result<any ByteStream, TransportError>) -> Void
    ) {
        let found = state.withLock {
            state -> (EventLoop, @Sendable (any ByteStream, EventLoop) -> Void)? in
            guard var listening = state.listening[address] else { return nil }
            let target = listening.loops[listening.turn % listening.loops.count]
            listening.turn += 1
            state.listening[address] = listening
            return (target, listening.accept)
        }
        guard let (serverLoop, accept) = found else {
            loop.execute {
                completion(
                    .failure(TransportError("cannot connect to \(address): nobody listens")))
            }
            return
        }
        let toServer = Pipe(capacity: pipeBytes)
        let toClient = Pipe(capacity: pipeBytes)
        serverLoop.execute {
            accept(
                InMemoryStream(incoming: toServer, outgoing: toClient, loop: serverLoop), serverLoop
            )
        }
        loop.execute {
            completion(
                .success(InMemoryStream(incoming: toClient, outgoing: toServer, loop: loop)))
        }
    }

    package let mayBlockToResolve = false

    package func resolve(_ address: SocketAddress) throws(TransportError) -> [SocketAddress] {
        [address]
    }
}

private struct InMemoryListener: Listener {
    let address: SocketAddress
    let onClose: @Sendable () -> Void

    func close() { onClose() }
}

/// The bytes of one direction.
private final class Pipe: Sendable {
    struct State {
        var bytes: [UInt8] = []
        var head = 0
        var isClosed = false
        var reader: (loop: EventLoop, notify: @Sendable () -> Void)?
        var writer: (loop: EventLoop, notify: @Sendable () -> Void)?
    }

    let capacity: Int
    let state = Lock(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    func notifyReader() {
        guard let reader = state.withLock({ $0.reader }) else { return }
        reader.loop.execute(reader.notify)
    }

    func notifyWriter() {
        guard let writer = state.withLock({ $0.writer }) else { return }
        writer.loop.execute(writer.notify)
    }
}

// Safe: used on its loop only; what both ends share is in the pipes, behind their locks.
private final class InMemoryStream: ByteStream, @unchecked Sendable {
    weak var observer: (any ByteStreamObserver)?
    let peer = "memory"
    let isLoopback = true
    private let incoming: Pipe
    private let outgoing: Pipe
    private let loop: EventLoop
    private var isReading = true
    private var isWriteBlocked = false
    private var isOpen = true

    init(incoming: Pipe, outgoing: Pipe, loop: EventLoop) {
        self.incoming = incoming
        self.outgoing = outgoing
        self.loop = loop
    }

    deinit {
        shut()
    }

    func start() {
        incoming.state.withLock { state in
            state.reader = (loop, { [weak self] in self?.readable() })
        }
        outgoing.state.withLock { state in
            state.writer = (loop, { [weak self] in self?.writable() })
        }
        loop.execute { [weak self] in self?.readable() }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        let (result, wasFull) = incoming.state.withLock { state -> (ReadResult, Bool) in
            let available = state.bytes.count - state.head
            guard available > 0 else { return (state.isClosed ? .closed : .wouldBlock, false) }
            let count = min(available, buffer.count)
            state.bytes.withUnsafeBytes { bytes in
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[state.head..<state.head + count]))
            }
            state.head += count
            if state.head == state.bytes.count {
                state.bytes.removeAll(keepingCapacity: true)
                state.head = 0
            }
            return (.bytes(count), available >= incoming.capacity)
        }
        if wasFull { incoming.notifyWriter() }
        return result
    }

    func write(from output: inout OutputBuffer) -> WriteResult {
        while !output.isEmpty {
            let front = output.front
            let accepted = outgoing.state.withLock { state -> Int? in
                if state.isClosed { return nil }
                let room = outgoing.capacity - (state.bytes.count - state.head)
                let count = max(0, min(room, front.count))
                state.bytes.append(contentsOf: front.prefix(count))
                return count
            }
            guard let accepted else { return .closed }
            if accepted == 0 {
                isWriteBlocked = true
                return .blocked
            }
            output.consume(accepted)
            outgoing.notifyReader()
        }
        return .complete
    }

    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        if isReading { loop.execute { [weak self] in self?.readable() } }
    }

    func close() {
        observer = nil
        isOpen = false
        shut()
    }

    private func shut() {
        for pipe in [incoming, outgoing] { pipe.state.withLock { $0.isClosed = true } }
        outgoing.notifyReader()
        incoming.notifyWriter()
    }

    private func readable() {
        if isOpen, isReading { observer?.readable() }
    }

    private func writable() {
        guard isOpen, isWriteBlocked else { return }
        isWriteBlocked = false
        observer?.writable()
    }
}
