internal import ServiceRuntime
internal import Wire

/// What both ends of a connection have in common: frames in, frames out, and the clock.
///
/// Everything runs on the loop that the byte stream belongs to. Frames are appended to `output` and
/// go out together at the end of the loop's turn: one system call for many answers.
// Safe: used on its loop only.
package class Connection: ByteStreamObserver, TurnHandler, @unchecked Sendable {
    let loop: EventLoop
    let bytes: any ByteStream
    let arena = Arena()
    var output = OutputBuffer()
    private var reader: FrameReader
    private(set) var isClosed = false
    private var isDirty = false
    private var isBlocked = false
    /// The tick that is to come, and when.
    private var coming: (timer: EventLoop.TimerToken, due: Instant)?
    private var blockedSince: Instant?
    private var frameStartedAt: Instant?
    private var sentBytes: UInt64 = 0
    /// When the last whole frame arrived.
    private(set) var lastFrameAt: Instant
    /// Above this many bytes the turn does not wait for its end to send.
    private static let flushBytes = 256 << 10

    init(bytes: any ByteStream, loop: EventLoop) {
        self.bytes = bytes
        self.loop = loop
        reader = FrameReader()
        lastFrameAt = loop.now
    }

    /// Accepts no larger frames from now on, in bytes.
    func limitFrames(to frameBytesMax: Int) {
        reader.frameBytesMax = frameBytesMax
    }

    /// The other side sent more on a stream than its window allows.
    func failOverrun() {
        fail(
            RPCError(
                .resourceExhausted, "WINDOW_OVERRUN", "More was sent than the window allows.",
                isRetryable: false))
    }

    func start() {
        bytes.observer = self
        bytes.start()
    }

    // MARK: For subclasses

    /// One frame; valid during the call only.
    func receive(_ frame: borrowing FrameView) {
        preconditionFailure("a subclass receives frames")
    }

    /// The connection has ended, once; `error` is what calls in flight fail with.
    func closed(_ error: RPCError) {}

    /// Called while there is something to watch.
    /// - Returns: When to be called again; nil = not before `watch` is called.
    func tick(now: Instant) -> Duration? { nil }

    /// Everything was sent, or the socket took something again.
    func drained() {}

    // MARK: Sending

    /// Everything that was ever appended to `output`; the end of what was appended last.
    var appendedBytes: UInt64 { sentBytes + UInt64(output.count) }

    /// Whether everything up to `offset` of all bytes ever appended has left this process.
    func isSent(through offset: UInt64) -> Bool { sentBytes >= offset }

    /// Sends `output` when the turn ends.
    func setNeedsFlush() {
        if output.count >= Self.flushBytes {
            flush()
        } else if !isDirty {
            isDirty = true
            loop.callAtEndOfTurn(self)
        }
    }

    package func endOfTurn() {
        isDirty = false
        flush()
    }

    private func flush() {
        guard !isClosed, !isBlocked, !output.isEmpty else { return }
        let before = output.count
        let result = bytes.write(from: &output)
        sentBytes += UInt64(before - output.count)
        switch result {
        case .complete:
            blockedSince = nil
            drained()
        case .blocked:
            isBlocked = true
            if blockedSince == nil || before > output.count { blockedSince = loop.now }
            watch()
            drained()
        case .closed:
            close(.unavailable("The connection to \(bytes.peer) was lost."))
        }
    }

    package func writable() {
        isBlocked = false
        flush()
    }

    // MARK: Receiving

    package func readable() {
        // A bounded number of reads, so that one busy connection does not starve the others.
        for _ in 0..<16 {
            var result = ReadResult.wouldBlock
            var room = 0
            let count = reader.withWritableBuffer { buffer in
                room = buffer.count
                result = bytes.read(into: buffer)
                if case .bytes(let count) = result { return count }
                return 0
            }
            switch result {
            case .wouldBlock:
                return
            case .closed:
                close(.unavailable("The connection to \(bytes.peer) was closed."))
                return
            case .bytes:
                takeFrames()
            }
            if isClosed || count < room { return }
        }
    }

    private func takeFrames() {
        let now = loop.turnTime
        do throws(WireError) {
            while let frame = try reader.next() {
                lastFrameAt = now
                receive(frame)
                if isClosed { return }
            }
        } catch {
            failProtocol(error)
            return
        }
        if reader.pendingBytes == 0 {
            frameStartedAt = nil
        } else if frameStartedAt == nil {
            frameStartedAt = now
            watch()
        }
    }

    private func failProtocol(_ error: WireError) {
        switch error {
        case .frameSize(let bytes, let bytesMax):
            fail(
                RPCError(
                    .resourceExhausted, "FRAME_TOO_LARGE",
                    "A frame of \(bytes) bytes is not accepted; 1 to \(bytesMax) are.",
                    isRetryable: false))
        case .malformed, .unknownKind, .limit, .invalidText, .budgetExceeded:
            fail(.protocolError("A frame is not valid: \(error)."))
        }
    }

    /// Tells the other side why and closes.
    func fail(_ error: RPCError) {
        guard !isClosed else { return }
        if mayTellReason {
            output.appendError(stream: 0, status: Status(error))
            flush()
        }
        close(error)
    }

    /// Whether the other side may learn why it is cut off.
    var mayTellReason: Bool { true }

    /// Closes at once; calls in flight fail with `error`.
    func close(_ error: RPCError) {
        guard !isClosed else { return }
        isClosed = true
        bytes.close()
        closed(error)
    }

    // MARK: The clock

    /// Makes sure that `tick` is called, soon.
    func watch(after delay: Duration = .milliseconds(10)) {
        guard coming == nil else { return }
        watch(by: loop.now + delay)
    }

    /// Makes sure that `tick` is called at `due` or before, even where the next one was to come
    /// later: what ends with its deadline ends then.
    func watch(by due: Instant) {
        guard !isClosed else { return }
        if let coming {
            guard due < coming.due else { return }
            loop.cancel(coming.timer)
        }
        coming = (loop.schedule(at: due) { [self] in runTick() }, due)
    }

    private func runTick() {
        coming = nil
        guard !isClosed else { return }
        let now = loop.now
        if let blockedSince, now - blockedSince > .seconds(5) {
            close(.unavailable("\(bytes.peer) takes no data."))
            return
        }
        if let frameStartedAt, now - frameStartedAt > .seconds(5) {
            fail(.protocolError("A frame took longer than 5 s to arrive."))
            return
        }
        let next = tick(now: now)
        guard !isClosed else { return }
        if let next {
            watch(after: next)
        } else if blockedSince != nil || frameStartedAt != nil {
            watch(after: .seconds(1))
        }
    }
}

extension Status {
    init(_ error: RPCError) {
        self.init(
            code: error.code.rawValue, domainCode: error.domainCode, message: error.message,
            details: error.details.map { MetadataPair(key: $0.key, value: $0.value) },
            isRetryable: error.isRetryable,
            retryAfterMilliseconds: UInt32(
                clamping: error.retryAfter?.millisecondsRoundedUp ?? 0))
    }
}

extension RPCError {
    init(_ status: Status?) {
        guard let status else {
            self = .protocolError("An ERROR frame came without a status.")
            return
        }
        self.init(
            code: RPCCode(rawValue: status.code) ?? .unknown,
            domainCode: status.domainCode.isEmpty ? "UNKNOWN" : status.domainCode,
            message: status.message,
            details: status.details.map { Detail(key: $0.key, value: $0.value) },
            isRetryable: status.isRetryable,
            retryAfter: status.retryAfterMilliseconds == 0
                ? nil : .milliseconds(Int64(status.retryAfterMilliseconds)))
    }

    init(_ error: WireError) {
        switch error {
        case .invalidText: self = .malformed("A text is not UTF-8 or holds a NUL.")
        case .budgetExceeded: self = .malformed("A message would take too much memory.")
        case .malformed: self = .malformed("A message does not unpack.")
        case .frameSize(let bytes, let bytesMax):
            self = .malformed("A message of \(bytes) bytes is larger than \(bytesMax).")
        case .unknownKind, .limit: self = .protocolError("A frame is not valid: \(error).")
        }
    }
}
