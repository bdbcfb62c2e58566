/// Where the depth of a picture may come from.
package enum DepthMethod: String, CaseIterable, Hashable, Sendable {
    /// The map that was made with the picture.
    case companion
    /// A map of the caller's own.
    case supplied
    /// A model, run in this process.
    case onnx
    /// A guess from the picture alone.
    case heuristic
}

/// A model that estimates depth from a picture.
package protocol DepthModel: Sendable {
    /// Differs between models that give different maps; it names the model in cache keys.
    var identity: String { get }

    /// - Parameter rgb: Interleaved rows of width × height pixels.
    /// - Parameter mustStop: Asked every few milliseconds; what is thrown then does not count.
    /// - Returns: 0 far … 1 near, of any size with the picture's aspect.
    /// - Throws: When the model cannot be loaded or run, or gives nothing that is a depth map.
    func estimate(
        rgb: [UInt8], width: Int, height: Int, mustStop: () -> Bool
    ) throws(DepthModelFailure) -> Plane<Float>
}

package struct DepthModelFailure: Error, Hashable, Sendable {
    package let message: String

    package init(_ message: String) { self.message = message }
}

/// The depth that a picture is rendered with.
package struct DepthChoice: Sendable {
    package let plane: Plane<Float>
    package let method: DepthMethod
    /// Whether a way before it failed that may work the next time: what is made with it is handed
    /// out, but not kept.
    package var isStopgap = false

    package var provider: String { method.rawValue }
    /// Whether it is too uncertain for a full move.
    package var isGuess: Bool { method == .heuristic }
}

/// The ways to come by depth, tried in order.
package struct DepthList: Sendable {
    package let methods: [DepthMethod]
    private let model: (any DepthModel)?
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - model: What `onnx` stands for; without one that step is skipped.
    ///   - report: Told why a model failed.
    package init(
        _ methods: [DepthMethod] = DepthMethod.allCases, model: (any DepthModel)? = nil,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.methods = methods
        self.model = model
        self.report = report
    }

    /// Names what decides the depth, for cache keys.
    package var name: String {
        methods.compactMap { method in
            guard method == .onnx else { return method.rawValue }
            return model.map { "\(method.rawValue):\($0.identity)" }
        }
        .joined(separator: ",")
    }

    /// The first depth that can be had.
    /// - Throws: ``RenderFailure/depthFailed`` when there is none, ``RenderFailure/stopped``.
    package func choose(
        rgb: [UInt8], width: Int, height: Int, given: (plane: Plane<Float>, method: DepthMethod)?,
        mustStop: () -> Bool = { false }
    ) throws(RenderFailure) -> DepthChoice {
        var hasFailed = false
        for method in methods {
            if mustStop() { throw .stopped }
            switch method {
            case .companion, .supplied:
                if let given, given.method == method {
                    return DepthChoice(
                        plane: given.plane, method: method, isStopgap: hasFailed)
                }
            case .onnx:
                guard let model else { continue }
                do throws(DepthModelFailure) {
                    let plane = try model.estimate(
                        rgb: rgb, width: width, height: height, mustStop: mustStop)
                    return DepthChoice(plane: plane, method: .onnx)
                } catch {
                    if mustStop() { throw .stopped }
                    report(error.message)
                    hasFailed = true
                }
            case .heuristic:
                let plane = try HeuristicDepth.estimate(
                    rgb: rgb, width: width, height: height
                ) { () throws(RenderFailure) in
                    if mustStop() { throw .stopped }
                }
                return DepthChoice(plane: plane, method: .heuristic, isStopgap: hasFailed)
            }
        }
        throw .depthFailed
    }
}
