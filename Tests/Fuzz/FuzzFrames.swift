import Wire

/// What libFuzzer calls with each input. The first byte says what is tried.
///
/// 0: one frame, which protobuf-c must accept or refuse and understand alike.
/// Otherwise: a stream of frames, which must be the same frames wherever it is cut; the second
/// byte says where.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let input = [UInt8](UnsafeBufferPointer(start: data, count: count))
    guard let selector = input.first else { return 0 }
    if selector == 0 {
        compareWithReference(Array(input.dropFirst()))
    } else if input.count > 1 {
        cutStream(Array(input.dropFirst(2)), every: max(1, Int(input[1])))
    }
    return 0
}

private func compareWithReference(_ frame: [UInt8]) {
    let ours = try? FrameCopy(bytes: frame)
    guard ours == referenceFrame(frame) else {
        fatalError("protobuf-c disagrees about \(hex(frame))")
    }
}

private func cutStream(_ stream: [UInt8], every step: Int) {
    var whole = FrameReader(frameBytesMax: 70_000)
    var pieces = FrameReader(frameBytesMax: 70_000)
    let expected = Result { try whole.feed(stream) }
    let found = Result {
        var frames: [FrameCopy] = []
        for start in stride(from: 0, to: stream.count, by: step) {
            let end = min(start + step, stream.count)
            frames += try pieces.feed(Array(stream[start..<end]))
        }
        return frames
    }
    switch (expected, found) {
    case (.success(let expected), .success(let found)) where expected == found: break
    case (.failure, .failure): break
    default: fatalError("cut every \(step) bytes: \(hex(stream))")
    }
}
