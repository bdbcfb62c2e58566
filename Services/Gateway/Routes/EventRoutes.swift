internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The event stream (server-sent events): one stream over the outboxes of two services.
struct EventRoutes: Sendable {
    let tools: RouteTools
    private let open = OpenStreams()

    init(tools: RouteTools) {
        self.tools = tools
    }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/events", operationID: "watchEvents",
                summary: "Balance, pictures, operations and generations as they change.",
                tag: "Events",
                query: [
                    Route.Query(
                        name: "after",
                        summary: "Go on after this event id; Last-Event-ID wins over it.",
                        schema: ["type": "string"])
                ],
                answers: [200: .events]
            ) { context in
                let cursor = try EventCursor(context)
                let place = try StreamPlace(of: context.userID, in: open)
                return HTTPResponse(
                    status: 200,
                    headers: [
                        "Content-Type": "text/event-stream", "Cache-Control": "no-cache",
                        "X-Accel-Buffering": "no",
                    ],
                    body: .stream(length: nil) { writer in
                        defer { withExtendedLifetime(place) {} }
                        try await EventStream(tools: tools, context: context, writer: writer)
                            .run(from: cursor)
                    })
            }
        ]
    }
}

/// How many event streams each user has.
private final class OpenStreams: Sendable {
    static let perUserMax = 16
    let counts = Lock<[String: Int]>([:])
}

/// One of a user's event streams, until it is let go of.
private final class StreamPlace: Sendable {
    private let user: String
    private let open: OpenStreams

    /// - Throws: 429 when the user has as many streams as one may have.
    init(of user: String, in open: OpenStreams) throws {
        self.user = user
        self.open = open
        try open.counts.withLock { counts in
            guard counts[user, default: 0] < OpenStreams.perUserMax else {
                throw Problem(
                    429, "TOO_MANY_IN_FLIGHT",
                    "There are \(OpenStreams.perUserMax) event streams open; close one first.",
                    isRetryable: true, retryAfter: .seconds(10))
            }
            counts[user, default: 0] += 1
        }
    }

    deinit {
        open.counts.withLock { counts in
            let left = counts[user, default: 1] - 1
            counts[user] = left > 0 ? left : nil
        }
    }
}

/// How far a client has read: "12.7" is session event 12 and balance change 7.
struct EventCursor: Hashable, Sendable {
    /// Nil = from now on.
    var session: UInt64?
    var credits: UInt64?

    init(session: UInt64?, credits: UInt64?) {
        self.session = session
        self.credits = credits
    }

    init(_ context: RequestContext) throws {
        let given = try context.request.headers["Last-Event-ID"] ?? context.queryText("after")
        guard let given, !given.isEmpty else {
            self.init(session: nil, credits: nil)
            return
        }
        guard let cursor = EventCursor(given) else {
            throw Problem.validation([
                FieldFault(
                    field: "after", code: "characters", detail: "It is no id of an event.")
            ])
        }
        self = cursor
    }

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        func part(_ text: Substring.UTF8View) -> UInt64?? {
            if text.elementsEqual("-".utf8) { return .some(nil) }
            guard let value = UInt64(Substring(text)), value <= UInt64(Int64.max) else {
                return nil
            }
            return value
        }
        guard let session = part(parts[0]), let credits = part(parts[1]) else { return nil }
        self.init(session: session, credits: credits)
    }

    var text: String {
        "\(session.map { String($0) } ?? "-").\(credits.map { String($0) } ?? "-")"
    }
}

/// One client's stream. Each event carries the cursor of both outboxes, so that going on from any of
/// them misses nothing and repeats nothing.
// Safe: `cursor` and `isWritten` are behind locks; the rest does not change.
private final class EventStream: Sendable {
    private struct State {
        var cursor = EventCursor(session: nil, credits: nil)
        var lastWrite = Instant(nanoseconds: 0)
        var isReady = false
    }

    private enum End: Error { case resync }

    private let tools: RouteTools
    private let context: RequestContext
    private let writer: HTTPBodyWriter
    private let answers: AnswerWriter
    private let state = Lock(State())

    init(tools: RouteTools, context: RequestContext, writer: HTTPBodyWriter) {
        self.tools = tools
        self.context = context
        self.writer = writer
        answers = tools.writer(context)
    }

    func run(from cursor: EventCursor) async throws {
        state.withLock { $0.cursor = cursor }
        try await write("retry: 2000\n\n")
        try await announce()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.followSession() }
                group.addTask { try await self.followCredits() }
                group.addTask { try await self.beat() }
                // None of them ends but by failing.
                try await group.next()
                group.cancelAll()
            }
        } catch End.resync {
            // The client has missed more than is kept: it reads everything anew, and goes on from now.
            try await write("id: -.-\nevent: resync\ndata: {}\n\n")
        }
    }

    // MARK: Following

    private func followSession() async throws {
        try await following { [self] in
            let after = state.withLock { $0.cursor.session }
            let events = try await tools.backends.session.watchEvents(
                .init(userID: context.userID, after: after ?? 0, fromNow: after == nil),
                context.call(.seconds(3600)))
            while let event = try await events.next() {
                let known = state.withLock { $0.cursor.session }
                // A service that starts again may repeat what was sent.
                if let known, event.sequence <= known { continue }
                try await send(session: event)
            }
        }
    }

    private func followCredits() async throws {
        try await following { [self] in
            let after = state.withLock { $0.cursor.credits }
            let events = try await tools.backends.credits.watchBalance(
                .init(userID: context.userID, after: after ?? 0, fromNow: after == nil),
                context.call(.seconds(3600)))
            while let event = try await events.next() {
                let known = state.withLock { $0.cursor.credits }
                if let known, event.sequence <= known { continue }
                try await send(credits: event)
            }
        }
    }

    /// Opens a stream again whenever it ends; a service that is away for a moment is waited for.
    private func following(_ follow: @Sendable () async throws -> Void) async throws {
        var delay = Duration.milliseconds(100)
        while true {
            do {
                try await follow()
                delay = .milliseconds(100)
            } catch let error as RPCError {
                if error.domainCode == "RESYNC" { throw End.resync }
                try Task.checkCancellation()
                switch error.code {
                case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled, .aborted:
                    break
                case .unknown, .invalidArgument, .notFound, .alreadyExists, .permissionDenied,
                    .failedPrecondition, .outOfRange, .unimplemented, .internal, .dataLoss,
                    .unauthenticated:
                    throw error
                }
            }
            try await tools.time.sleep(for: delay)
            delay = min(delay * 2, .seconds(5))
        }
    }

    /// A comment whenever nothing was said for a while, so that nobody in between gives up.
    private func beat() async throws {
        let interval = tools.configuration.heartbeat
        while true {
            let silent = tools.time.instant - state.withLock { $0.lastWrite }
            if silent >= interval {
                // Who has signed out meanwhile hears nothing more.
                guard try await tools.authentication.principal(context.request) != nil else {
                    throw Problem.unauthenticated
                }
                try await write(": still here\n\n")
            } else {
                try await tools.time.sleep(for: interval - silent)
            }
        }
    }

    // MARK: Writing

    /// Once both places are known, the client gets an id from which it misses nothing.
    private func announce() async throws {
        let id = state.withLock { state -> String? in
            guard !state.isReady, state.cursor.session != nil, state.cursor.credits != nil else {
                return nil
            }
            state.isReady = true
            return state.cursor.text
        }
        if let id { try await write("id: \(id)\nevent: ready\ndata: {}\n\n") }
    }

    private func send(session event: SessionAPI.Event) async throws {
        let id = state.withLock { state in
            state.cursor.session = event.sequence
            return state.cursor.text
        }
        guard event.kind != "now" else { return try await announce() }
        var json = JSONWriter()
        json.object { object in
            answers.textOrNull(&object, "sessionId", event.sessionID)
            answers.textOrNull(&object, "operationId", event.operationID)
            if let picture = event.picture {
                object.write("image") { answers.picture(&$0, picture) }
            }
            if let operation = event.operation {
                object.object("operation") { answers.operation(&$0, operation) }
            }
            if let generation = event.generation {
                object.object("generation") { answers.generation(&$0, generation) }
            }
            object.text("at", answers.time(event.atUs))
        }
        try await write(kind: event.kind, id: id, json)
    }

    private func send(credits event: CreditsAPI.BalanceEvent) async throws {
        let id = state.withLock { state in
            state.cursor.credits = event.sequence
            return state.cursor.text
        }
        if event.kind == "now" { return try await announce() }
        var json = JSONWriter()
        json.object { object in
            object.text("kind", event.kind)
            answers.textOrNull(&object, "job", event.job)
            CreditRoutes.write(&object, event.balance ?? CreditsAPI.Balance())
        }
        try await write(warnings(event) + Self.bytes(kind: "balance", id: id, json))
    }

    /// What the user asked to be told: few credits are left, a budget is nearly used up. They come
    /// before the change that they are about and have no id, so that who reads on after a cut
    /// misses none.
    private func warnings(_ event: CreditsAPI.BalanceEvent) -> [UInt8] {
        guard let balance = event.balance else { return [] }
        var bytes: [UInt8] = []
        if event.becameLow {
            var json = JSONWriter()
            json.object { object in
                object.raw("available", CreditText.number(balance.availableU4))
                object.raw("threshold", CreditText.number(balance.lowThresholdU4))
            }
            bytes += Self.bytes(kind: "lowBalance", id: nil, json)
        }
        if event.budgetReached > 0 {
            var json = JSONWriter()
            json.object { object in
                object.integer("reached", event.budgetReached)
                object.raw("credits", CreditText.number(event.budgetU4))
            }
            bytes += Self.bytes(kind: "budget", id: nil, json)
        }
        return bytes
    }

    private func write(kind: String, id: String, _ json: JSONWriter) async throws {
        try await write(Self.bytes(kind: kind, id: id, json))
    }

    private static func bytes(kind: String, id: String?, _ json: JSONWriter) -> [UInt8] {
        var bytes = Array((id.map { "id: \($0)\n" } ?? "").utf8)
        bytes += Array("event: \(kind)\ndata: ".utf8)
        bytes += json.bytes
        bytes += [0x0A, 0x0A]
        return bytes
    }

    private func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    private func write(_ bytes: [UInt8]) async throws {
        let now = tools.time.instant
        state.withLock { $0.lastWrite = now }
        try await writer.write(bytes)
    }
}
