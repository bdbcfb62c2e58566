/// What a session must do, written from the requirements and not from the code: a few lists of
/// words and numbers. It knows nothing of the types of the service.
struct SessionModel {
    /// A command, by the words of the public interface.
    enum Command: Hashable {
        case select(dimension: Int, option: Int)
        /// At the dimension where the session stands, if it stands at one.
        case selectHere(option: Int)
        case regenerate(dimension: Int)
        case regenerateHere
        case retryHere(option: Int)
        case back, resume, abandon, camera, skip, finalize
        /// Places of the flow: 0 is direction, 7 complete.
        case jump(Int)
        case intent(Int)
        case selectCamera(Int)
        case subject(Int)
        case wait(hours: Int)
    }

    struct Picture: Hashable {
        var option: Int
        /// The regeneration that drew its words.
        var draw: Int
        /// Told apart from every other picture.
        var number: Int
    }

    enum Slot: Hashable {
        case absent, failed
        case made(Picture)

        var picture: Picture? { if case .made(let picture) = self { picture } else { nil } }
    }

    struct Pictures: Hashable {
        var draw = 0
        var slots: [Slot] = Array(repeating: .absent, count: 4)
    }

    /// Direction, mood, framing, lighting: places 0 to 3. Camera 4, subject 5, preview 6, end 7.
    var place = 0
    var status = "active"
    var intent = 0
    var locks: [Picture] = []
    var remembered: [Int: Picture] = [:]
    var pictures: [String: Pictures] = [:]
    var regenerations = [0, 0, 0, 0]
    /// Pictures whose depth is known.
    var depths: Set<Int> = []
    var isOffered = false
    var isFallback = false
    var motion: Int?
    var subject: String?
    var clips: Set<String> = []
    var hasClip = false
    var version = 1
    var credits = 0
    var deliveredPictures = 0
    var deliveredDepths = 0
    var deliveredClips = 0
    var hoursIdle = 0
    var numbers = 0

    /// Everything that shapes the pictures of a place, as one word.
    private func path(_ locks: [Picture], _ intent: Int) -> String {
        "\(intent):" + locks.map { "\($0.option)/\($0.draw)" }.joined(separator: ",")
    }

    var shown: Pictures? { place < 4 ? pictures[path(locks, intent)] : nil }

    // MARK: Commands

    mutating func start(_ fate: MachineShell.Fate) -> String {
        make(.start, at: 0, locks: [], intent: intent, draw: 0, missing: [0, 1, 2, 3], fate)
    }

    mutating func run(_ command: Command, version: UInt64, fate: MachineShell.Fate) -> String {
        if case .wait(let hours) = command {
            hoursIdle += hours
            return "waited"
        }
        if status == "active", hoursIdle > 24 { return "expired" }
        guard status == "active" else {
            if command == .abandon || (command == .finalize && status == "completed") {
                return "unchanged"
            }
            return "conflict"
        }
        guard version == 0 || version == UInt64(self.version) else { return "version" }
        switch command {
        case .wait: return "waited"
        case .select(let dimension, let option):
            return dimension == place ? select(option, fate) : "conflict"
        case .selectHere(let option): return place < 4 ? select(option, fate) : "conflict"
        case .regenerate(let dimension):
            return dimension == place ? regenerate(fate) : "conflict"
        case .regenerateHere: return place < 4 ? regenerate(fate) : "conflict"
        case .retryHere(let option): return place < 4 ? retry(option, fate) : "conflict"
        case .back: return place == 0 ? "conflict" : go(to: place - 1)
        case .jump(let target):
            guard (0...place).contains(target) else { return "conflict" }
            return target == place ? "unchanged" : go(to: target)
        case .resume: return written()
        case .abandon:
            status = "abandoned"
            return written()
        case .intent(let intent): return place == 0 ? edit(intent, fate) : "conflict"
        case .camera: return place == 4 ? offer(fate) : "conflict"
        case .selectCamera(let motion):
            guard place == 4, isOffered else { return "conflict" }
            self.motion = motion
            place = 5
            return written()
        case .subject(let text):
            return place == 5 || place == 6 ? film("\(text)", fate) : "conflict"
        case .skip:
            guard place == 5 || place == 6 else { return "conflict" }
            subject = ""
            hasClip = false
            place = 6
            return written()
        case .finalize:
            // From direction to camera: whatever is not chosen is missing.
            guard place > 4 else { return "incomplete" }
            status = "completed"
            place = 7
            subject = subject ?? ""
            _ = written()
            return "finalized"
        }
    }

    private mutating func written() -> String {
        version += 1
        hoursIdle = 0
        return "written"
    }

    // MARK: Pictures

    private enum Purpose { case start, select, regenerate, retry, intent }

    private mutating func select(_ option: Int, _ fate: MachineShell.Fate) -> String {
        guard let picture = shown?.slots[option].picture else { return "conflict" }
        let chosen = locks + [picture]
        if place == 3 {
            lock(picture)
            return written()
        }
        let known = pictures[path(chosen, intent)]
        let missing = (0..<4).filter { known?.slots[$0] ?? .absent == .absent }
        if missing.isEmpty {
            lock(picture)
            return written()
        }
        return make(
            .select, at: place + 1, locks: chosen, intent: intent, draw: known?.draw ?? 0,
            missing: missing, fate)
    }

    /// One step on. Only a different choice forgets what was chosen after it.
    private mutating func lock(_ picture: Picture) {
        if remembered[place] != picture {
            for later in place + 1..<4 + (place < 3 ? 0 : 1) { remembered[later] = nil }
            isOffered = false
            isFallback = false
        }
        remembered[place] = nil
        locks.append(picture)
        place += 1
    }

    private mutating func regenerate(_ fate: MachineShell.Fate) -> String {
        guard regenerations[place] < 3 else { return "limit" }
        guard shown != nil else { return "conflict" }
        return make(
            .regenerate, at: place, locks: locks, intent: intent, draw: regenerations[place] + 1,
            missing: [0, 1, 2, 3], fate)
    }

    private mutating func retry(_ option: Int, _ fate: MachineShell.Fate) -> String {
        guard shown?.slots[option].picture == nil else { return "conflict" }
        return make(
            .retry, at: place, locks: locks, intent: intent, draw: shown?.draw ?? 0,
            missing: [option], fate)
    }

    private mutating func edit(_ other: Int, _ fate: MachineShell.Fate) -> String {
        let known = pictures[path([], other)]
        let missing = (0..<4).filter { known?.slots[$0] ?? .absent == .absent }
        if missing.isEmpty {
            rename(other)
            return written()
        }
        return make(
            .intent, at: 0, locks: [], intent: other, draw: known?.draw ?? 0, missing: missing,
            fate)
    }

    private mutating func rename(_ other: Int) {
        guard other != intent else { return }
        intent = other
        remembered = [:]
    }

    private mutating func make(
        _ purpose: Purpose, at target: Int, locks chosen: [Picture], intent: Int, draw: Int,
        missing: [Int], _ fate: MachineShell.Fate
    ) -> String {
        let name = path(chosen, intent)
        let ended = fate.stop == .none ? missing.count : min(missing.count, fate.endedBeforeStop)
        var good: [(Int, Picture)] = []
        var bad: [Int] = []
        for index in 0..<ended {
            numbers += 1
            if fate.failures >> index & 1 == 1 {
                bad.append(missing[index])
            } else {
                let option = missing[index]
                good.append((option, Picture(option: option, draw: draw, number: numbers)))
            }
        }
        let wasThere = pictures[name]?.slots.contains { $0.picture != nil } ?? false
        let isKept =
            switch fate.stop {
            case .discard: false
            case .none:
                !good.isEmpty || (wasThere && (purpose == .select || purpose == .intent))
            }
        let outcome = fate.stop == .none ? (isKept ? "succeeded" : "failed") : "cancelled"
        guard isKept else {
            if purpose == .start {
                status = "abandoned"
                _ = written()
            }
            return "\(outcome) 0"
        }
        var set = purpose == .regenerate ? Pictures() : pictures[name] ?? Pictures()
        set.draw = draw
        for (option, picture) in good { set.slots[option] = .made(picture) }
        for option in bad { set.slots[option] = .failed }
        pictures[name] = set
        credits += good.count
        deliveredPictures += good.count
        _ = written()
        switch purpose {
        case .start, .retry: break
        case .regenerate: regenerations[target] += 1
        case .intent: rename(intent)
        case .select: lock(chosen[chosen.count - 1])
        }
        return "\(outcome) \(good.count)"
    }

    // MARK: Camera and subject

    private mutating func offer(_ fate: MachineShell.Fate) -> String {
        if isOffered, !isFallback { return "unchanged" }
        let source = locks[3].number
        if depths.contains(source) {
            isOffered = true
            isFallback = false
            return written()
        }
        let isOver = fate.stop == .none || fate.endedBeforeStop > 0
        if isOver { numbers += 1 }
        guard fate.stop == .none else { return "cancelled 0" }
        isOffered = true
        isFallback = fate.failures & 1 == 1
        _ = written()
        if isFallback { return "succeeded 0" }
        depths.insert(source)
        credits += 1
        deliveredDepths += 1
        return "succeeded 1"
    }

    private mutating func film(_ text: String, _ fate: MachineShell.Fate) -> String {
        let name = "\(path(locks, intent)):\(motion ?? -1):\(text)"
        if clips.contains(name) {
            subject = text
            hasClip = true
            place = 6
            return written()
        }
        let isOver = fate.stop == .none || fate.endedBeforeStop > 0
        if isOver { numbers += 1 }
        guard fate.stop == .none else { return "cancelled 0" }
        subject = text
        _ = written()
        guard fate.failures & 1 == 0 else {
            hasClip = false
            return "failed 0"
        }
        clips.insert(name)
        hasClip = true
        place = 6
        credits += 5
        deliveredClips += 1
        return "succeeded 5"
    }

    // MARK: Going back

    /// What is chosen at the target and after it is open again, and remembered.
    private mutating func go(to target: Int) -> String {
        for (index, picture) in locks.enumerated() where index >= target {
            remembered[index] = picture
        }
        locks = Array(locks.prefix(target))
        if target <= 3 {
            isOffered = false
            isFallback = false
        }
        if target <= 4 { motion = nil }
        if target <= 5 {
            subject = nil
            hasClip = false
        }
        place = target
        return written()
    }
}
