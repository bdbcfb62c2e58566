import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// A model that answers as it is told.
private final class ModelDouble: DepthModel {
    let identity: String
    private let broken: Lock<Bool>

    var isBroken: Bool {
        get { broken.withLock { $0 } }
        set { broken.withLock { $0 = newValue } }
    }

    init(isBroken: Bool = false, identity: String = "double") {
        broken = Lock(isBroken)
        self.identity = identity
    }

    func estimate(
        rgb: [UInt8], width: Int, height: Int, mustStop: () -> Bool
    ) throws(DepthModelFailure) -> Plane<Float> {
        if isBroken { throw DepthModelFailure("broken") }
        return Plane(width: 2, height: 2, [0, 0, 1, 1])
    }
}

/// The bytes of a protobuf field.
private func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(content.count) + content
}

private func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

private func field(_ number: Int, value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

private func varint(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + varint(value >> 7)
}

/// An ONNX model of one node, whose depth is the mean of the three planes: what is bright is near.
///
/// - Parameter roots: Square roots taken of every sample before, one after the other.
private func brightnessModel(
    height: Int?, width: Int?, operation: String = "ReduceMean", roots: Int = 0
) -> [UInt8] {
    func tensor(_ name: String, _ sides: [Int?]) -> [UInt8] {
        let shape = sides.enumerated().flatMap { index, side in
            field(1, side.map { field(1, value: $0) } ?? field(2, "side\(index)"))
        }
        return field(1, name) + field(2, field(1, field(1, value: 1) + field(2, shape)))
    }
    let axes = field(1, "axes") + field(8, value: 1) + field(20, value: 7)
    let keep = field(1, "keepdims") + field(3, value: 0) + field(20, value: 2)
    let nodes = (0..<roots).flatMap { index in
        field(
            1,
            field(1, index == 0 ? "image" : "root\(index)") + field(2, "root\(index + 1)")
                + field(4, "Sqrt"))
    }
    let node =
        field(1, roots == 0 ? "image" : "root\(roots)") + field(2, "depth") + field(4, operation)
        + field(5, axes)
        + field(5, keep)
    let graph =
        nodes + field(1, node) + field(2, "brightness")
        + field(11, tensor("image", [1, 3, height, width]))
        + field(12, tensor("depth", [1, height, width]))
    return field(1, value: 8) + field(7, graph) + field(8, field(2, value: 13))
}

/// Where the tests' Python environment has ONNX Runtime.
private let runtime: String? = {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    for python in files(in: "/\(root)/.build/venv/lib") {
        let folder = "\(python)/site-packages/onnxruntime/capi"
        if let library = files(in: folder).first(where: { $0.contains("libonnxruntime.so") }) {
            return library
        }
    }
    return nil
}()

@Suite struct `the list of depths` {
    private let rgb = LayeredScene.room.view()

    private func choose(
        _ list: DepthList, given method: DepthMethod? = nil
    ) throws -> DepthChoice {
        try list.choose(
            rgb: rgb, width: 320, height: 180,
            given: method.map { (LayeredScene.room.depth(), $0) })
    }

    @Test func `the first way that gives depth is taken`() throws {
        let model = ModelDouble()
        #expect(try choose(DepthList(model: model), given: .companion).provider == "companion")
        #expect(try choose(DepthList(model: model), given: .supplied).provider == "supplied")
        #expect(try choose(DepthList(model: model)).provider == "onnx")
        #expect(try choose(DepthList()).provider == "heuristic")
        let order = DepthList([.onnx, .companion], model: model)
        #expect(try choose(order, given: .companion).provider == "onnx")
    }

    @Test func `what fails is passed over and told`() throws {
        let list = DepthList(model: ModelDouble(isBroken: true))
        #expect(try choose(list).provider == "heuristic")
        #expect(throws: RenderFailure.depthFailed) {
            try choose(DepthList([.companion, .onnx], model: ModelDouble(isBroken: true)))
        }
        #expect(throws: RenderFailure.depthFailed) { try choose(DepthList([])) }
    }

    @Test func `only a guess halves the move`() throws {
        #expect(try choose(DepthList()).isGuess)
        #expect(try !choose(DepthList(model: ModelDouble())).isGuess)
        #expect(try !choose(DepthList(), given: .supplied).isGuess)
    }

    @Test func `a call without any depth fails by name`() async throws {
        let list = DepthList([.companion])
        try await withHarness(depths: list) { harness in
            let picture = try await harness.put(try upload(withDepth: false))
            #expect(
                await failure { _ = try await harness.clip(panLeft(picture.digest)) }
                    == "DEPTH_ESTIMATION_FAILED")
            #expect(
                await failure {
                    let stream = try await harness.client.estimateDepth(
                        .init(source: picture.digest), Harness.options)
                    while try await stream.next() != nil {}
                } == "DEPTH_ESTIMATION_FAILED")
            let other = try await harness.put(try upload())
            #expect(try await harness.clip(panLeft(other.digest)).isEnded)
        }
    }

    @Test func `a map of the caller's own is named so`() async throws {
        try await withHarness { harness in
            var upload = try upload()
            upload.isDepthSupplied = true
            let picture = try await harness.put(upload)
            let clip = try await harness.clip(panLeft(picture.digest))
            #expect(clip.header.depthProvider == "supplied")
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `what is kept of a depth` {
    private func provider(
        _ harness: Harness, _ request: RenderAPI.MoveRequest
    ) async throws -> (name: String, isCached: Bool) {
        let header = try await harness.clip(request).header
        return (header.depthProvider, header.isCached)
    }

    private func mapProvider(_ harness: Harness, _ source: Bytes) async throws -> String? {
        let stream = try await harness.client.estimateDepth(
            .init(source: source), Harness.options)
        var provider: String?
        while let part = try await stream.next()?.part {
            if case .header(let header) = part { provider = header.depthProvider }
        }
        return provider
    }

    @Test func `a guess in place of a model that failed is not kept anywhere`() async throws {
        try await withTemporaryFolder { folder in
            let store = try await openStore(folder)
            let model = ModelDouble(isBroken: true)
            try await withHarness(depths: DepthList(model: model), store: store) { harness in
                let picture = try await harness.put(try upload(withDepth: false))
                let request = panLeft(picture.digest)
                for _ in 0..<2 {
                    let found = try await provider(harness, request)
                    #expect(found == ("heuristic", false))
                    #expect(try await mapProvider(harness, picture.digest) == "heuristic")
                }
                model.isBroken = false
                #expect(try await provider(harness, request) == ("onnx", false))
                #expect(try await provider(harness, request) == ("onnx", true))
                #expect(try await mapProvider(harness, picture.digest) == "onnx")
                // What was made with the model stays, whatever becomes of it.
                model.isBroken = true
                #expect(try await provider(harness, request) == ("onnx", true))
                var other = request
                other.quality = 30
                #expect(try await provider(harness, other) == ("onnx", false))
            }
        }
    }

    @Test func `a guess where no model is wanted is kept`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload(withDepth: false))
            let request = panLeft(picture.digest)
            #expect(try await provider(harness, request) == ("heuristic", false))
            #expect(try await provider(harness, request) == ("heuristic", true))
        }
    }

    @Test func `another model does not answer with the results of the first`() async throws {
        try await withTemporaryFolder { folder in
            for (identity, isCached) in [("a", false), ("a", true), ("b", false), ("a", true)] {
                let depths = DepthList(model: ModelDouble(identity: identity))
                let store = try await openStore(folder)
                try await withHarness(depths: depths, store: store) { harness in
                    let picture = try await harness.put(try upload(withDepth: false))
                    let found = try await provider(harness, panLeft(picture.digest))
                    #expect(found == ("onnx", isCached), "\(identity)")
                }
            }
        }
    }

    private func openStore(_ folder: String) async throws -> ResultStore {
        try await ResultStore.open(
            "sqlite:\(folder)/render.db", folder: "\(folder)/results", budgetBytes: 8 << 20,
            time: SystemTime())
    }
}

@Suite(.timeLimit(.minutes(1))) struct `a depth model` {
    @Test func `it is named by what its file held at the start`() throws {
        let path = "/tmp/convergence-model-\(UInt64.random(in: 0 ... .max)).onnx"
        defer { removeFile(path) }
        func identity() -> String { OnnxDepth(library: "", path: path, threads: 1).identity }
        let none = identity()
        try writeFile(brightnessModel(height: 8, width: 8), to: path)
        let first = identity()
        try writeFile(brightnessModel(height: 8, width: 16), to: path)
        let second = identity()
        #expect(Set([none, first, second]).count == 3)
        try writeFile(brightnessModel(height: 8, width: 8), to: path)
        #expect(identity() == first)
        #expect(
            DepthList(model: OnnxDepth(library: "", path: path, threads: 1)).name.contains(first))
    }

    @Test(.enabled(if: runtime != nil))
    func `a file that was changed after the start is not run`() throws {
        let path = "/tmp/convergence-model-\(UInt64.random(in: 0 ... .max)).onnx"
        defer { removeFile(path) }
        try writeFile(brightnessModel(height: 8, width: 8), to: path)
        let model = OnnxDepth(library: runtime ?? "", path: path, threads: 1)
        try writeFile(brightnessModel(height: 16, width: 16), to: path)
        #expect(throws: DepthModelFailure.self) {
            try model.estimate(
                rgb: [UInt8](repeating: 9, count: 64 * 48 * 3), width: 64, height: 48,
                mustStop: { false })
        }
    }

    private func estimate(_ model: [UInt8], library: String) async throws -> Plane<Float> {
        let plane: Plane<Float>
        let path = "/tmp/convergence-model-\(UInt64.random(in: 0 ... .max)).onnx"
        try writeFile(model, to: path)
        defer { removeFile(path) }
        // White above, black below.
        let rgb = (0..<(64 * 48 * 3)).map { UInt8($0 < 64 * 24 * 3 ? 255 : 0) }
        plane = try OnnxDepth(library: library, path: path, threads: 1)
            .estimate(rgb: rgb, width: 64, height: 48, mustStop: { false })
        return plane
    }

    @Test(.enabled(if: runtime != nil), arguments: [(nil, nil), (32, 40)] as [(Int?, Int?)])
    func `ONNX Runtime runs it on the picture`(_ size: (height: Int?, width: Int?)) async throws {
        let plane = try await estimate(
            brightnessModel(height: size.height, width: size.width), library: runtime ?? "")
        if let height = size.height {
            #expect(plane.height == height && plane.width == size.width)
        } else {
            // Whole patches of the picture's shape.
            #expect(plane.height % 14 == 0 && plane.width % 14 == 0)
            #expect(abs(Double(plane.width) / Double(plane.height) - 64.0 / 48) < 0.1)
        }
        #expect(plane[plane.width / 2, 0] == 1)
        #expect(plane[plane.width / 2, plane.height - 1] == 0)
    }

    @Test(.enabled(if: runtime != nil))
    func `a model that cannot be run says why`() async throws {
        let models = [
            Array("not a model".utf8),
            brightnessModel(height: 8, width: 8, operation: "NoSuchThing"),
            brightnessModel(height: 4096, width: 4096),
        ]
        for model in models {
            await #expect(throws: DepthModelFailure.self) {
                try await estimate(model, library: runtime ?? "")
            }
        }
    }

    @Test(.enabled(if: runtime != nil))
    func `a run that nobody waits for ends long before its end`() throws {
        let path = "/tmp/convergence-model-\(UInt64.random(in: 0 ... .max)).onnx"
        try writeFile(brightnessModel(height: 1024, width: 1024, roots: 1500), to: path)
        defer { removeFile(path) }
        let model = OnnxDepth(library: runtime ?? "", path: path, threads: 1)
        let rgb = (0..<(64 * 48 * 3)).map { UInt8(1 + $0 % 255) }
        let time = SystemTime()
        func milliseconds(asks: Int) -> Int {
            let began = time.instant
            var asked = 0
            _ = try? model.estimate(rgb: rgb, width: 64, height: 48) {
                asked += 1
                return asked > asks
            }
            #expect(asked <= asks + 1, "asked again after the answer")
            return Int((time.instant - began) / .milliseconds(1))
        }
        // The model is loaded by the first call.
        _ = milliseconds(asks: 0)
        let whole = milliseconds(asks: .max - 1)
        let stopped = milliseconds(asks: 4)
        print("a model's run: \(whole) ms; stopped after about 25 ms: \(stopped) ms")
        #expect(stopped * 4 < whole)
    }

    @Test func `a library that is none is a failure, not a crash`() async throws {
        for library in ["/nowhere/libonnxruntime.so", "libm.so.6"] {
            await #expect(throws: DepthModelFailure.self) {
                try await estimate([], library: library)
            }
        }
    }
}

@Suite(
    .enabled(
        if: runtime != nil, "ONNX Runtime is not in .build/venv; scripts/venv.sh puts it there"),
    .timeLimit(.minutes(1)))
struct `the service with a depth model` {
    private struct Seen: Hashable {
        var provider = ""
        var isCached = false
        /// Rows of the depth map above and below the middle, as sums.
        var far = 0
        var near = 0
    }

    /// Starts the real service in `folder` with this model and asks it for a depth map and a move.
    private func ask(
        _ folder: String, model: [UInt8], library: String
    ) async throws -> Seen {
        let path = "\(folder)/model.onnx"
        try writeFile(model, to: path)
        let service = try RenderProcess(
            folder: folder,
            settings: ["RENDER_ORT_LIBRARY": library, "RENDER_DEPTH_MODEL": path])
        defer {
            service.process.terminate()
            _ = service.process.waitForExit()
        }
        var seen = Seen()
        try await service.withClient { client in
            // White above, black below: what is bright is near to this model, and to no other way.
            let rgb = (0..<(64 * 48 * 3)).map { UInt8($0 < 64 * 24 * 3 ? 255 : 0) }
            let upload = SourceUpload(
                image: try ImageCodec.encodePNG(rgb: rgb, width: 64, height: 48))
            let picture = try await putSource(upload, client: client, digest: upload.digest)
            let stream = try await client.estimateDepth(
                .init(source: picture.digest), Harness.options)
            var png: [UInt8] = []
            while let part = try await stream.next()?.part {
                if case .data(let bytes) = part { png += Array(bytes) }
            }
            let map = try ImageCodec.decodeGrey(png)
            let half = map.samples.count / 2
            seen.near = map.samples.prefix(half).reduce(0) { $0 + Int($1) }
            seen.far = map.samples.suffix(half).reduce(0) { $0 + Int($1) }
            let move = try await client.renderMove(panLeft(picture.digest), Harness.options)
            while let part = try await move.next()?.part {
                guard case .header(let header) = part else { continue }
                (seen.provider, seen.isCached) = (header.depthProvider, header.isCached)
            }
        }
        return seen
    }

    @Test func `it renders with the model it is given, and knows it from another`() async throws {
        try await withTemporaryFolder { folder in
            let library = try #require(runtime)
            let first = brightnessModel(height: nil, width: nil)
            let second = brightnessModel(height: 28, width: 42)
            let seen = try await ask(folder, model: first, library: library)
            #expect(seen.provider == "onnx" && !seen.isCached)
            #expect(seen.near > 10 * seen.far)
            // Begun again it answers from disk; with another model it does not.
            #expect(try await ask(folder, model: first, library: library).isCached)
            let other = try await ask(folder, model: second, library: library)
            #expect(other.provider == "onnx" && !other.isCached)
        }
    }

    @Test func `without the library it guesses, until that is there`() async throws {
        try await withTemporaryFolder { folder in
            let model = brightnessModel(height: nil, width: nil)
            for _ in 0..<2 {
                let seen = try await ask(folder, model: model, library: "/nowhere/lib.so")
                #expect(seen.provider == "heuristic" && !seen.isCached)
            }
            let repaired = try await ask(folder, model: model, library: try #require(runtime))
            #expect(repaired.provider == "onnx" && !repaired.isCached)
        }
    }
}
