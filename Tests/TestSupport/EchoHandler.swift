package import RPC
package import ServiceAPI
internal import ServiceRuntime
internal import Wire

/// Serves `echo.v1.Echo`; counts the calls that hang and how they ended.
package final class EchoHandler: EchoAPI.Handler {
    private struct State {
        var calls = 0
        var hanging = 0
        var cancelled = 0
        var watchers:
            [(isMet: @Sendable (Counts) -> Bool, done: CheckedContinuation<Void, Never>)] =
                []
    }

    package struct Counts: Sendable {
        package let calls: Int
        package let hanging: Int
        package let cancelled: Int
    }

    private let state = Lock(State())

    package init() {}

    package func echo(
        _ request: EchoAPI.Message, _ context: CallContext
    ) async throws(RPCError) -> EchoAPI.Message {
        change { $0.calls += 1 }
        if request.text == "fail" {
            throw RPCError(
                .failedPrecondition, "ECHO_REFUSED", "It was asked to fail.",
                details: ["number": String(request.number)])
        }
        if request.text == "metadata" {
            return EchoAPI.Message(
                text: [
                    context.metadata.traceparent, context.metadata.userID,
                    context.metadata.requestID, context.metadata.idempotencyKey, context.caller,
                ].map { $0 ?? "-" }.joined(separator: " "))
        }
        if request.text == "remaining" {
            return EchoAPI.Message(number: UInt64(max(0, context.remaining.nanoseconds)))
        }
        return request
    }

    package func count(
        _ request: EchoAPI.CountRequest, _ writer: ResponseWriter<EchoAPI.Message>,
        _ context: CallContext
    ) async throws(RPCError) {
        let data = Bytes([UInt8](repeating: 0x5A, count: Int(request.bytes)))
        for number in 0..<UInt64(request.count) {
            try await writer.write(EchoAPI.Message(data: data, number: number))
        }
    }

    package func collect(
        _ reader: RequestStream<EchoAPI.Message>, _ context: CallContext
    ) async throws(RPCError) -> EchoAPI.Collected {
        var collected = EchoAPI.Collected()
        while let message = try await reader.next() {
            if message.text == "stop" {
                throw RPCError(.outOfRange, "ENOUGH", "No more items are wanted.")
            }
            collected.items += 1
            collected.bytes += UInt64(message.data.count)
        }
        return collected
    }

    package func hang(
        _ request: EchoAPI.Message, _ context: CallContext
    ) async throws(RPCError) -> EchoAPI.Message {
        change { $0.hanging += 1 }
        try? await Task.sleep(for: .seconds(3600))
        change {
            $0.hanging -= 1
            $0.cancelled += 1
        }
        throw .cancelled
    }

    package var counts: Counts { state.withLock { Self.counts($0) } }

    /// Returns once `isMet` holds.
    package func wait(until isMet: @escaping @Sendable (Counts) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMetNow = state.withLock { state in
                if isMet(Self.counts(state)) { return true }
                state.watchers.append((isMet, continuation))
                return false
            }
            if isMetNow { continuation.resume() }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let done = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            body(&state)
            guard !state.watchers.isEmpty else { return [] }
            let counts = Self.counts(state)
            let met = state.watchers.filter { $0.isMet(counts) }.map(\.done)
            state.watchers.removeAll { $0.isMet(counts) }
            return met
        }
        for continuation in done { continuation.resume() }
    }

    private static func counts(_ state: State) -> Counts {
        Counts(calls: state.calls, hanging: state.hanging, cancelled: state.cancelled)
    }
}
