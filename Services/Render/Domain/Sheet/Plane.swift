/// A rectangle of samples with a stable address, for kernels that read many planes at once.
///
/// A plane is filled by its one owner and then only read.
package final class Plane<Sample: BitwiseCopyable & Sendable> {
    package let width: Int
    package let height: Int
    let samples: UnsafeMutablePointer<Sample>

    var count: Int { width * height }
    /// Memory held, in bytes.
    var bytes: Int { count * MemoryLayout<Sample>.stride }

    /// A plane whose samples are not set: every one is written before any is read.
    init(unsetWidth width: Int, height: Int) {
        precondition(width > 0 && height > 0)
        self.width = width
        self.height = height
        samples = .allocate(capacity: width * height)
    }

    convenience init(width: Int, height: Int, filledWith sample: Sample) {
        self.init(unsetWidth: width, height: height)
        samples.initialize(repeating: sample, count: width * height)
    }

    package convenience init(width: Int, height: Int, _ values: [Sample]) {
        precondition(values.count == width * height && !values.isEmpty)
        self.init(unsetWidth: width, height: height)
        values.withUnsafeBufferPointer { samples.update(from: $0.baseAddress!, count: count) }
    }

    deinit { samples.deallocate() }

    func copy() -> Plane {
        let copy = Plane(unsetWidth: width, height: height)
        copy.samples.update(from: samples, count: count)
        return copy
    }

    @inline(__always)
    func row(_ y: Int) -> UnsafeMutablePointer<Sample> { samples + y * width }

    package subscript(x: Int, y: Int) -> Sample {
        get {
            precondition((0..<width).contains(x) && (0..<height).contains(y))
            return samples[y * width + x]
        }
        set {
            precondition((0..<width).contains(x) && (0..<height).contains(y))
            samples[y * width + x] = newValue
        }
    }

    package var values: [Sample] { Array(UnsafeBufferPointer(start: samples, count: count)) }
}

// Safe: a plane is written only while it is built by one owner; it is shared only afterwards.
extension Plane: @unchecked Sendable {}

extension Plane<Float> {
    /// Least and greatest sample.
    func range<Stop: Error>(
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> ClosedRange<Float> {
        var low = samples[0]
        var high = samples[0]
        try Pass.samples(count, checkpoint) { stretch in
            for i in stretch {
                low = min(low, samples[i])
                high = max(high, samples[i])
            }
        }
        return low...high
    }
}
