package import ServiceRuntime

/// For tests: goes wrong by rule, and else lets another provider do the work.
///
/// Rules are written `ACTION@MATCH#TRIES`, several separated by `;`. The action is `fail` (may work
/// next time), `refuse` (never works), `garbage` (bytes that are no picture) or `slow=MILLISECONDS`
/// (then as usual). The match is the id of any chosen option or a word of the intent; none means
/// every picture. The rule holds for so many tries of a job; none means all. So
/// `refuse@dreamy;fail@tense#1` never draws the dreamy picture and draws the tense one at the second
/// try.
package struct FaultImageProvider: ImageProvider {
    enum Action: Hashable {
        case fail, refuse, garbage
        case slow(Duration)
    }

    struct Rule: Hashable {
        let action: Action
        let match: String
        let tries: Int

        func holds(for request: ImageRequest, try number: Int) -> Bool {
            guard number <= tries else { return false }
            return match.isEmpty || request.choices.contains { $0.optionID == match }
                || request.intent.lowercased().split(separator: " ").contains { $0 == match }
        }
    }

    package let identity: ProviderIdentity
    private let rules: [Rule]
    private let other: any ImageProvider
    private let time: any TimeSource

    /// - Returns: nil when the rules make no sense.
    package init?(rules text: String, other: any ImageProvider, time: any TimeSource) {
        var rules: [Rule] = []
        for part in text.split(separator: ";") {
            guard let rule = Self.rule(part) else { return nil }
            rules.append(rule)
        }
        self.rules = rules
        self.other = other
        self.time = time
        // What is drawn is the other's: its answers name it.
        identity = ProviderIdentity(
            id: "fault", model: other.identity.model, concurrency: other.identity.concurrency)
    }

    private static func rule(_ text: Substring) -> Rule? {
        let (head, tries) = cut(text, at: "#")
        let (name, match) = cut(head, at: "@")
        let (word, value) = cut(name, at: "=")
        let action: Action
        switch (word, value.map { Int($0) }) {
        case ("fail", nil): action = .fail
        case ("refuse", nil): action = .refuse
        case ("garbage", nil): action = .garbage
        case ("slow", .some(.some(let milliseconds))): action = .slow(.milliseconds(milliseconds))
        default: return nil
        }
        guard let tries = tries.map({ Int($0) }) ?? .some(Int.max) else { return nil }
        return Rule(action: action, match: match.map { $0.lowercased() } ?? "", tries: tries)
    }

    private static func cut(
        _ text: Substring, at mark: Character
    ) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    package func makeImage(
        _ request: ImageRequest, _ attempt: Attempt
    ) async throws -> ImageResult {
        for rule in rules where rule.holds(for: request, try: attempt.number) {
            switch rule.action {
            case .fail:
                throw JobFailure(
                    .transient, code: "IMAGE_GENERATION_FAILED",
                    message: "The picture could not be made.")
            case .refuse:
                throw JobFailure(
                    .permanent, code: "IMAGE_GENERATION_FAILED",
                    message: "The picture cannot be made.")
            case .garbage:
                return ImageResult(picture: Array("<html>not a picture</html>".utf8))
            case .slow(let duration):
                try await time.sleep(for: duration)
            }
        }
        return try await other.makeImage(request, attempt)
    }
}
