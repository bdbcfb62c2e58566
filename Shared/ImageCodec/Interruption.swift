/// Lets C ask a Swift closure whether its work is still wanted.
enum Interruption {
    typealias Question = @convention(c) (UnsafeMutableRawPointer?) -> Int32

    private struct Box { let mustStop: () -> Bool }

    /// Calls `body` with a function and its context, which are valid until it returns.
    static func lend<Value>(
        _ mustStop: () -> Bool, _ body: (Question, UnsafeMutableRawPointer) -> Value
    ) -> Value {
        withoutActuallyEscaping(mustStop) { mustStop in
            var box = Box(mustStop: mustStop)
            return withUnsafeMutablePointer(to: &box) { box in
                body(
                    { $0?.assumingMemoryBound(to: Box.self).pointee.mustStop() == true ? 1 : 0 },
                    UnsafeMutableRawPointer(box))
            }
        }
    }
}
