internal import ServiceRuntime

// How an answer becomes bytes.
extension HTTPConnection {
    /// Whether a stream may hand over more.
    var hasRoom: Bool { output.count < limits.writeAheadBytes }

    /// Hands over an answer; all of it, or the head of a stream.
    func answer(_ response: HTTPResponse, to request: HTTPRequest) {
        // An upload that was not read to its end cannot be followed by another request.
        if case .answering = phase {} else { keepsAlive = false }
        if response.closesConnection || owner.isDraining { keepsAlive = false }
        let isHead = request.method == "HEAD"
        send(response, isHead: isHead)
        if isHead { return finishAnswer() }
        switch response.body {
        case .bytes: finishAnswer()
        case .stream: flushLater()
        }
    }

    /// Hands over the head, and the body when there is one in memory.
    func send(_ response: HTTPResponse, isHead: Bool) {
        let hasNoBody = response.status == 204 || response.status == 304
        switch response.body {
        case .bytes(let bytes): framing = hasNoBody ? .none : .length(UInt64(bytes.count))
        case .stream(let length?, _): framing = .length(length)
        case .stream(nil, _):
            framing = isOldClient ? .close : .chunked
            if isOldClient { keepsAlive = false }
        }
        let connection: StaticString? =
            !keepsAlive ? "close" : isOldClient ? "keep-alive" : nil
        let date = owner.date()
        output.append { output in
            response.writeHead(
                to: &output, date: date, framing: framing, connection: connection)
        }
        if case .bytes(let bytes) = response.body, !isHead, !hasNoBody { output.append(bytes) }
        flushLater()
    }

    /// Hands over a piece of a stream.
    func write(_ bytes: [UInt8]) {
        switch framing {
        case .length(let left):
            guard UInt64(bytes.count) <= left else {
                assertionFailure("a stream is longer than it said")
                return close()
            }
            framing = .length(left - UInt64(bytes.count))
            output.append(bytes)
        case .chunked:
            output.append {
                $0.append(hexadecimal: UInt64(bytes.count))
                $0.append("\r\n")
            }
            output.append(bytes)
            output.append { $0.append("\r\n") }
        case .close: output.append(bytes)
        case .none: break
        }
        flushLater()
    }

    /// Ends a stream; one that is not whole ends the connection, which is how the client learns.
    func endStream(isWhole: Bool) {
        var isWhole = isWhole
        if case .length(let left) = framing, left > 0 { isWhole = false }
        guard isWhole else {
            keepsAlive = false
            return finishAnswer()
        }
        if framing == .chunked { output.append { $0.append("0\r\n\r\n") } }
        finishAnswer()
    }
}
