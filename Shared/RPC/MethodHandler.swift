internal import ServiceRuntime
package import Wire

/// A method and what serves it. Made by the generated `methods(_:)` of a service.
package struct MethodHandler: Sendable {
    package let descriptor: MethodDescriptor
    /// Begins the call; on the loop. The frame is valid during the call only.
    let start: @Sendable (ServerCall, borrowing FrameView) -> Void

    package static func unary<Request: WireMessage, Response: WireMessage>(
        _ descriptor: MethodDescriptor,
        _ body: @escaping @Sendable (Request, CallContext) async throws(RPCError) -> Response
    ) -> MethodHandler {
        MethodHandler(descriptor: descriptor) { call, frame in
            let request: Request
            do throws(RPCError) {
                request = try call.decode(frame)
            } catch {
                call.fail(error)
                return
            }
            call.run {
                do throws(RPCError) {
                    call.respond(try await body(request, call.context))
                } catch {
                    call.fail(error)
                }
            }
        }
    }

    package static func serverStream<Request: WireMessage, Item: WireMessage>(
        _ descriptor: MethodDescriptor,
        _ body:
            @escaping @Sendable (
                Request, ResponseWriter<Item>, CallContext
            ) async throws(RPCError) -> Void
    ) -> MethodHandler {
        MethodHandler(descriptor: descriptor) { call, frame in
            let request: Request
            do throws(RPCError) {
                request = try call.decode(frame)
            } catch {
                call.fail(error)
                return
            }
            call.run {
                do throws(RPCError) {
                    try await body(request, ResponseWriter(call: call), call.context)
                    call.end()
                } catch {
                    call.fail(error)
                }
            }
        }
    }

    package static func clientStream<Item: WireMessage, Response: WireMessage>(
        _ descriptor: MethodDescriptor,
        _ body:
            @escaping @Sendable (
                RequestStream<Item>, CallContext
            ) async throws(RPCError) -> Response
    ) -> MethodHandler {
        MethodHandler(descriptor: descriptor) { call, frame in
            let items = call.openIncoming()
            call.run {
                do throws(RPCError) {
                    call.respond(try await body(RequestStream(items: items), call.context))
                } catch {
                    call.fail(error)
                }
            }
        }
    }
}

extension ServerCall {
    /// Where the caller's items are collected.
    func openIncoming() -> StreamBuffer {
        let items = StreamBuffer(windowBytes: incomingWindowBytes) { [weak self] bytes in
            self?.grant(bytes)
        }
        incoming = items
        return items
    }
}

/// Sends the items of a server-streaming call.
package struct ResponseWriter<Item: WireMessage>: Sendable {
    let call: ServerCall

    /// Sends one item; waits while the caller's window is closed.
    /// - Throws: CANCELLED when the caller has gone, MESSAGE_TOO_LARGE; the stream is at its end.
    package func write(_ item: Item) async throws(RPCError) {
        if call.loop.isCurrent, call.window.isOpen {
            try call.sendItem(item)
            return
        }
        let error: RPCError? = await withUnsafeContinuation { continuation in
            call.onLoop { call.window.wait(continuation) }
        }
        if let error { throw error }
        if call.loop.isCurrent {
            try call.sendItem(item)
            return
        }
        let failure: RPCError? = await withUnsafeContinuation { continuation in
            call.onLoop {
                do throws(RPCError) {
                    try call.sendItem(item)
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if let failure { throw failure }
    }
}

/// Receives the items of a client-streaming call.
package struct RequestStream<Item: WireMessage>: Sendable {
    let items: StreamBuffer
    private let arena = ReaderArena()

    init(items: StreamBuffer) {
        self.items = items
    }

    /// The next item, or nil when the caller has sent the last.
    /// - Throws: CANCELLED or DEADLINE_EXCEEDED when no more will come.
    package func next() async throws(RPCError) -> Item? {
        guard let bytes = try await items.next() else { return nil }
        return try arena.decode(bytes)
    }
}
