/// How a subject moves over a still background, taken from a few words.
///
/// Lengths are in subject heights, so that a small subject takes small steps. Every motion starts
/// from the subject's own place: the first frame is the chosen picture.
package struct SubjectMotion: Hashable, Sendable {
    /// Way per second, to the right and up.
    package var travelX = 0.0
    package var travelY = 0.0
    /// Growth per second: coming nearer.
    package var growth = 0.0
    /// Height of each step or bounce, and how many there are in a second.
    package var bob = 0.0
    package var bobRate = 0.0
    /// Lean to either side, in subject heights at the top, with the base in place.
    package var sway = 0.0
    package var swayRate = 0.0
    /// Share by which the subject narrows as it turns to and fro.
    package var turn = 0.0
    package var turnRate = 0.0

    /// Whether the words left open to which side the subject goes.
    package var goesEitherWay = true

    package init() {}

    package var isStill: Bool { self == SubjectMotion() }

    /// Reads words such as "walks slowly to the left"; words that say nothing of motion give a
    /// gentle breathing sway, so that a subject asked to move is never quite still.
    package init(words: String) {
        let tokens = words.lowercased().split { !$0.isLetter }.map(String.init)
        func says(_ stems: String...) -> Bool {
            tokens.contains { token in stems.contains { token.hasPrefix($0) } }
        }
        guard !tokens.isEmpty else { return }
        if says("walk", "stroll", "step", "cross", "march", "wander", "trot", "advance", "approach")
        {
            (travelX, bob, bobRate) = (0.09, 0.012, 1.8)
        }
        if says("run", "sprint", "gallop", "dash", "chase", "rush", "race", "speed", "drive") {
            (travelX, bob, bobRate) = (0.22, 0.02, 2.6)
        }
        if says("jump", "hop", "leap", "bounce", "danc") { (bob, bobRate) = (0.07, 1.2) }
        if says("fly", "flies", "soar", "glid", "sail", "float", "drift", "swim", "hover") {
            (travelX, bob, bobRate) = (0.05, 0.02, 0.5)
        }
        if says("rise", "rising", "lift", "climb", "ascend") { travelY = 0.06 }
        if says("fall", "sink", "descend", "land") { travelY = -0.06 }
        if says("wave", "waving", "sway", "swing", "rock", "blow", "flutter", "nod", "twitch") {
            (sway, swayRate) = (0.035, 1)
        }
        if says("turn", "spin", "rotate", "twirl", "look") { (turn, turnRate) = (0.12, 0.4) }
        if says("closer", "toward", "forward", "approach", "come") {
            growth = 0.05
            travelX = 0
        }
        if isStill { (sway, swayRate, bob, bobRate) = (0.012, 0.35, 0.004, 0.35) }
        goesEitherWay = !says("left", "right")
        if says("left") { travelX = -abs(travelX == 0 && growth == 0 ? 0.06 : travelX) }
        if says("right") && travelX == 0 && growth == 0 { travelX = 0.06 }
        if says("slow", "gentl", "soft", "calm", "quiet") { scaleTime(by: 0.6) }
        if says("fast", "quick", "swift", "hast") { scaleTime(by: 1.5) }
    }

    /// The same motion, slowed and turned round so that the subject stays in the picture.
    ///
    /// - Parameters:
    ///   - left: Room to the left of the subject in subject heights; `right` likewise.
    func fitted(left: Double, right: Double, seconds: Double) -> SubjectMotion {
        var motion = self
        if goesEitherWay && left > right { motion.travelX = -motion.travelX }
        let room = max(0, motion.travelX < 0 ? left : right)
        let way = abs(motion.travelX) * seconds
        if way > room { motion.travelX *= room / way }
        // No more than half as large again, however long the clip is.
        if motion.growth * seconds > 0.5 { motion.growth = 0.5 / seconds }
        return motion
    }

    private mutating func scaleTime(by factor: Double) {
        travelX *= factor
        travelY *= factor
        growth *= factor
        bobRate *= factor
        swayRate *= factor
        turnRate *= factor
    }

    /// Where the subject is after some seconds, about the middle of its base.
    package func placement(at seconds: Double) -> SubjectPlacement {
        // Squared sines start at 0 and at rest, so the first frame equals the picture.
        func toAndFro(_ rate: Double) -> Double {
            let wave = sine(pi * rate * seconds)
            return wave * wave
        }
        return SubjectPlacement(
            dx: travelX * seconds, dy: travelY * seconds + bob * toAndFro(bobRate),
            scale: 1 + growth * seconds, narrowing: 1 - turn * toAndFro(turnRate),
            lean: sway * sine(2 * pi * swayRate * seconds))
    }
}

/// A subject's place in one frame; lengths in subject heights, y up.
package struct SubjectPlacement: Hashable, Sendable {
    package var dx: Double
    package var dy: Double
    package var scale: Double
    package var narrowing: Double
    /// Shift of the top to the right.
    package var lean: Double

    package init(dx: Double, dy: Double, scale: Double, narrowing: Double, lean: Double) {
        self.dx = dx
        self.dy = dy
        self.scale = scale
        self.narrowing = narrowing
        self.lean = lean
    }
}
