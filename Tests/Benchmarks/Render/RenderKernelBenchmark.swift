import CLinux
import Glibc
import RenderService
import ServiceRuntime

/// A frame at full quality on one thread beside OpenCV's plain warp, which looks once and does not
/// ask what hides what, and beside the bare fetching of as many samples.
struct RenderKernelBenchmark {
    private static let frames = 24
    private static let width = 1920
    private static let height = 1080

    let options: BenchOptions

    func run(_ lines: inout [String], _ ratios: inout [String: Double]) throws {
        let scene = TruthScene(width: Self.width, height: Self.height)
        let rgb = scene.view()
        let depth = scene.softDepth()
        let sheet = SheetScene(
            rgb: rgb, width: Self.width, height: Self.height, depth: depth,
            encoding: .videoRange709, reach: Self.height / 6)
        let kernels = RenderKernel.allCases.filter(\.isSupported)
        var times: [RenderKernel: [Double]] = [:]
        var peers: [String: [Double]] = [:]
        let folder = try CreditsServer.makeFolder()
        let files = [folder + "/picture.rgb", folder + "/depth.gray"]
        defer {
            for file in files { unlink(file) }
            rmdir(folder)
        }
        try Self.write(rgb, to: files[0])
        try Self.write(depth.values.map { UInt8($0 * 255 + 0.5) }, to: files[1])
        for _ in 0..<options.rounds {
            for kernel in kernels {
                times[kernel, default: []].append(Self.frame(sheet, kernel))
            }
            guard options.withPeers else { continue }
            let size = ["\(Self.width)", "\(Self.height)", "\(Self.frames)", "2"]
            peers["opencv", default: []].append(try Self.peer("opencv-warp", files + size))
            peers["floor", default: []].append(try Self.peer("gather-floor", size))
        }
        for kernel in kernels {
            lines.append(
                pad("1080p frame, \(kernel.rawValue)", 28)
                    + "\(decimals(median(times[kernel] ?? []), 2)) ms")
        }
        guard let opencv = peers["opencv"], let floor = peers["floor"] else { return }
        func ratio(_ kernel: RenderKernel, _ theirs: [Double]) -> Double {
            median(zip(times[kernel] ?? [], theirs).map { $0 / $1 })
        }
        let fastest = RenderKernel.fastest
        ratios["render.1080p.opencv"] = ratio(fastest, opencv)
        ratios["render.1080p.opencv.swift"] = ratio(.portable, opencv)
        ratios["render.1080p.gatherfloor"] = ratio(fastest, floor)
        lines.append(pad("OpenCV, plain warp", 28) + "\(decimals(median(opencv), 2)) ms")
        lines.append(pad("fetching alone", 28) + "\(decimals(median(floor), 2)) ms")
        lines.append(
            "frame / OpenCV \(decimals(ratio(fastest, opencv), 2)), portable "
                + "\(decimals(ratio(.portable, opencv), 2)); frame / fetching "
                + "\(decimals(ratio(fastest, floor), 2))")
    }

    /// Milliseconds a frame of a pan, the better of two passes, as the peers do it.
    private static func frame(_ scene: SheetScene, _ kernel: RenderKernel) -> Double {
        let renderer = SheetRenderer(
            scene: scene, width: width, height: height, kernel: kernel.make())
        let frame = Picture420(width: width, height: height, encoding: .videoRange709)
        let path = CameraPath(
            start: CameraPose(Vector3(0.15, 0, 0)), end: CameraPose(Vector3(-0.15, 0, 0)))
        let geometry = ParallaxGeometry(strength: TruthScene.strength, pivot: TruthScene.pivot)
        return (0..<2).map { _ in
            let begin = linux_monotonic_ns()
            for index in 0..<frames {
                renderer.render(
                    path.pose(frame: index, of: frames), geometry: geometry, into: frame)
            }
            return Double(linux_monotonic_ns() - begin) / 1e6 / Double(frames)
        }.min() ?? .nan
    }

    private static func peer(_ name: String, _ arguments: [String]) throws -> Double {
        let path = PeerPaths.directory + "/render/" + name
        guard access(path, X_OK) == 0 else {
            throw BenchFailure("\(path) is not built; run make bench-peers")
        }
        let child = try ChildProcess(path, arguments)
        var times: [Double] = []
        while let line = child.line() { times += [Double(line)].compactMap { $0 } }
        guard child.waitForExit() == .code(0), let best = times.min() else {
            throw BenchFailure("\(name) gave no figures")
        }
        return best
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchFailure("cannot write \(path)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw BenchFailure("cannot write \(path)")
        }
    }
}
