internal import COnnxRuntime
internal import Cryptography
internal import Glibc
internal import ServiceRuntime

/// A depth model run by ONNX Runtime, which is loaded from a file when it is first needed.
///
/// The model takes one picture of three planes, normalised as ImageNet's, and gives one plane in
/// which more is nearer, as models of the Depth Anything kind do. One picture at a time.
package final class OnnxDepth: DepthModel {
    /// Sides are multiples of this where the model leaves them open: the patches of a ViT.
    private static let patch = 14
    /// About how many pixels such a model gets.
    private static let pixels = 252 * 448
    /// Longest side that a model may ask for.
    private static let sideMax = 2048

    private let library: String
    private let path: String
    private let threads: Int
    private let model = Lock<Model?>(nil)

    /// The start of the SHA-256 of the model file as it was when the service started.
    package let identity: String

    /// Reads the model file once, for its identity.
    ///
    /// - Parameters:
    ///   - library: Path of `libonnxruntime.so`.
    ///   - path: The model file. Only what it held then is run: another file needs another start.
    package init(library: String, path: String, threads: Int) {
        self.library = library
        self.path = path
        self.threads = threads
        identity = Self.identity(of: path) ?? "none"
    }

    /// Nil when the file cannot be read.
    private static func identity(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return ferror(file) == 0 ? Hex.encode(Array(hash.finish().prefix(8))) : nil
    }

    /// An open model.
    // Safe: used inside the lock of `OnnxDepth.model` only, and closed by its last owner.
    private final class Model: @unchecked Sendable {
        let handle: OpaquePointer

        init(_ handle: OpaquePointer) { self.handle = handle }

        deinit { onnx_close(handle) }
    }

    package func estimate(
        rgb: [UInt8], width: Int, height: Int, mustStop: () -> Bool
    ) throws(DepthModelFailure) -> Plane<Float> {
        try model.withLock { model throws(DepthModelFailure) in
            let opened: Model
            if let model { opened = model } else { opened = try open() }
            model = opened
            return try Self.run(
                opened.handle, rgb: rgb, width: width, height: height, mustStop)
        }
    }

    private func open() throws(DepthModelFailure) -> Model {
        var message = [CChar](repeating: 0, count: 512)
        guard let handle = onnx_open(library, path, Int32(threads), &message, message.count) else {
            throw DepthModelFailure(Self.text(message))
        }
        let model = Model(handle)
        // Results are named by the file of the start: no other may make them.
        guard Self.identity(of: path) == identity else {
            throw DepthModelFailure(
                "the model file is not what it was when the service started; start it again")
        }
        return model
    }

    private static func run(
        _ handle: OpaquePointer, rgb: [UInt8], width: Int, height: Int,
        _ mustStop: () -> Bool
    ) throws(DepthModelFailure) -> Plane<Float> {
        let (w, h) = try inputSize(handle, aspect: Double(width) / Double(height))
        let small = try Resampling.scale(
            rgb: rgb, width: width, height: height, toWidth: w, toHeight: h
        ) { () throws(DepthModelFailure) in
            if mustStop() { throw DepthModelFailure("stopped") }
        }
        var planes = normalised(small, count: w * h)
        var message = [CChar](repeating: 0, count: 512)
        var values: UnsafeMutablePointer<Float>?
        var (outHeight, outWidth): (Int64, Int64) = (0, 0)
        let status = withoutActuallyEscaping(mustStop) { mustStop in
            var question = Question(mustStop: mustStop)
            return withUnsafeMutablePointer(to: &question) { question in
                onnx_run(
                    handle, &planes, Int64(h), Int64(w),
                    {
                        $0?.assumingMemoryBound(to: Question.self).pointee.mustStop() == true
                            ? 1 : 0
                    },
                    question, &values, &outHeight, &outWidth, &message, message.count)
            }
        }
        guard status == 0, let values else { throw DepthModelFailure(text(message)) }
        defer { onnx_free(values) }
        let count = Int(outWidth * outHeight)
        let depth = Array(UnsafeBufferPointer(start: values, count: count))
        guard depth.allSatisfy(\.isFinite), let low = depth.min(), let high = depth.max() else {
            throw DepthModelFailure("the output is not finite")
        }
        let span = high - low
        guard span > 0, span.isFinite else { throw DepthModelFailure("the output is flat") }
        return Plane(
            width: Int(outWidth), height: Int(outHeight), depth.map { ($0 - low) / span })
    }

    /// What C asks while the model runs.
    private struct Question { let mustStop: () -> Bool }

    private static func inputSize(
        _ handle: OpaquePointer, aspect: Double
    ) throws(DepthModelFailure) -> (width: Int, height: Int) {
        var (height, width): (Int64, Int64) = (0, 0)
        onnx_input_size(handle, &height, &width)
        func patches(_ length: Double) -> Int {
            clamp(Int((length / Double(patch)).rounded()), 2, sideMax / patch) * patch
        }
        let free = (Double(pixels) / aspect).squareRoot()
        let size = (
            width: width > 0 ? Int(width) : patches(free * aspect),
            height: height > 0 ? Int(height) : patches(free)
        )
        guard size.width <= sideMax, size.height <= sideMax else {
            throw DepthModelFailure("an input of \(size.width)×\(size.height)")
        }
        return size
    }

    /// Planes of red, green and blue with the mean and deviation of ImageNet taken out.
    private static func normalised(_ rgb: [UInt8], count: Int) -> [Float] {
        let means: [Float] = [0.485, 0.456, 0.406]
        let deviations: [Float] = [0.229, 0.224, 0.225]
        return [Float](unsafeUninitializedCapacity: count * 3) { planes, filled in
            for channel in 0..<3 {
                let scale = 1 / (255 * deviations[channel])
                let offset = means[channel] / deviations[channel]
                for i in 0..<count {
                    planes[channel * count + i] = Float(rgb[i * 3 + channel]) * scale - offset
                }
            }
            filled = count * 3
        }
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
