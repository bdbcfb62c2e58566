/// One coded picture as an MP4 stores it: NAL units, each after its length in four bytes.
package struct H264Sample: Sendable {
    package var bytes: [UInt8]
    /// Whether decoding can start here (IDR).
    package var isSync: Bool

    package init(bytes: [UInt8], isSync: Bool) {
        self.bytes = bytes
        self.isSync = isSync
    }
}

/// A finished H.264 stream before it is put into a file.
package struct H264Track: Sendable {
    package let width: Int
    package let height: Int
    package let framesPerSecond: Int
    /// Sequence and picture parameter sets, without start codes.
    package var sps: [UInt8]
    package var pps: [UInt8]
    package var samples: [H264Sample]

    package init(
        width: Int, height: Int, framesPerSecond: Int, sps: [UInt8] = [], pps: [UInt8] = [],
        samples: [H264Sample] = []
    ) {
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.sps = sps
        self.pps = pps
        self.samples = samples
    }
}

/// Writes a single-track MP4 whose index comes first, so that a browser can start at once.
package enum MP4Writer {
    private static let movieTimescale = 1000
    /// Ticks of one frame in the track's own timescale.
    private static let frameTicks = 512

    /// - Precondition: The track has parameter sets and at least one sample, the first a sync one.
    package static func file(_ track: H264Track) -> [UInt8] {
        precondition(track.sps.count >= 4 && !track.pps.isEmpty)
        precondition(track.samples.first?.isSync == true)
        let payload = track.samples.reduce(0) { $0 + $1.bytes.count }
        var box = BoxWriter(capacity: payload + 2048 + track.samples.count * 8)
        box.box("ftyp") { box in
            box.text("isom")
            box.u32(0x200)
            for brand in ["isom", "iso2", "avc1", "mp41"] { box.text(brand) }
        }
        let offsetPlace = movie(track, into: &box)
        box.patch32(box.bytes.count + 8, at: offsetPlace)
        box.box("mdat") { box in
            for sample in track.samples { box.raw(sample.bytes) }
        }
        return box.bytes
    }

    /// The start of a stream of fragments: everything but pictures.
    package static func initialization(_ track: H264Track) -> [UInt8] {
        precondition(track.sps.count >= 4 && !track.pps.isEmpty)
        var box = BoxWriter(capacity: 1024)
        box.box("ftyp") { box in
            box.text("iso5")
            box.u32(0x200)
            for brand in ["iso5", "iso6", "avc1", "mp41"] { box.text(brand) }
        }
        var index = track
        index.samples = []
        _ = movie(index, into: &box, isFragmented: true)
        return box.bytes
    }

    /// The next pictures of a stream that ``initialization(_:)`` began.
    ///
    /// - Parameters:
    ///   - number: 1 for the first fragment.
    ///   - firstFrame: Place of the first sample in the whole clip.
    package static func fragment(
        _ samples: [H264Sample], number: Int, firstFrame: Int
    ) -> [UInt8] {
        precondition(!samples.isEmpty && number > 0)
        let payload = samples.reduce(0) { $0 + $1.bytes.count }
        var box = BoxWriter(capacity: payload + 256 + samples.count * 8)
        var offsetPlace = 0
        box.box("moof") { box in
            box.full("mfhd") { box in box.u32(number) }
            box.box("traf") { box in
                // Offsets count from the start of this box.
                box.full("tfhd", flags: 0x02_0000) { box in box.u32(1) }
                box.full("tfdt") { box in box.u32(firstFrame * frameTicks) }
                // Data offset; size and flags of each sample.
                box.full("trun", flags: 0x601) { box in
                    box.u32(samples.count)
                    offsetPlace = box.bytes.count
                    box.u32(0)
                    for sample in samples {
                        box.u32(sample.bytes.count, sample.isSync ? 0x0200_0000 : 0x0101_0000)
                    }
                }
            }
        }
        box.patch32(box.bytes.count + 8, at: offsetPlace)
        box.box("mdat") { box in
            for sample in samples { box.raw(sample.bytes) }
        }
        return box.bytes
    }

    /// - Returns: Where the offset of the media data is to be filled in.
    private static func movie(
        _ track: H264Track, into box: inout BoxWriter, isFragmented: Bool = false
    ) -> Int {
        let ticks = track.samples.count * frameTicks
        let timescale = track.framesPerSecond * frameTicks
        let milliseconds =
            (track.samples.count * movieTimescale + track.framesPerSecond / 2)
            / track.framesPerSecond
        var offsetPlace = 0
        box.box("moov") { box in
            box.full("mvhd") { box in
                box.u32(0, 0, movieTimescale, milliseconds)
                box.u32(0x0001_0000)  // normal speed
                box.u16(0x0100, 0)  // full volume
                box.u32(0, 0)
                box.matrix()
                box.u32(0, 0, 0, 0, 0, 0)
                box.u32(2)  // next free track
            }
            box.box("trak") { box in
                box.full("tkhd", flags: 3) { box in
                    box.u32(0, 0, 1, 0, milliseconds, 0, 0)
                    box.u16(0, 0, 0, 0)
                    box.matrix()
                    box.u32(track.width << 16, track.height << 16)
                }
                box.box("mdia") { box in
                    box.full("mdhd") { box in
                        box.u32(0, 0, timescale, ticks)
                        box.u16(0x55C4, 0)  // language "und"
                    }
                    box.full("hdlr") { box in
                        box.u32(0)
                        box.text("vide")
                        box.u32(0, 0, 0)
                        box.raw(Array("VideoHandler".utf8) + [0])
                    }
                    box.box("minf") { box in
                        box.full("vmhd", flags: 1) { box in box.u16(0, 0, 0, 0) }
                        box.box("dinf") { box in
                            box.full("dref") { box in
                                box.u32(1)
                                box.full("url ", flags: 1) { _ in }
                            }
                        }
                        box.box("stbl") { box in
                            offsetPlace = sampleTable(track, into: &box)
                        }
                    }
                }
            }
            guard isFragmented else { return }
            box.box("mvex") { box in
                box.full("trex") { box in box.u32(1, 1, frameTicks, 0, 0) }
            }
        }
        return offsetPlace
    }

    private static func sampleTable(_ track: H264Track, into box: inout BoxWriter) -> Int {
        box.full("stsd") { box in
            box.u32(1)
            box.box("avc1") { box in sampleEntry(track, into: &box) }
        }
        if track.samples.isEmpty {
            // The pictures come in fragments, each with a table of its own.
            for table in ["stts", "stsc", "stco"] { box.full(table) { box in box.u32(0) } }
            box.full("stsz") { box in box.u32(0, 0) }
            return box.bytes.count
        }
        box.full("stts") { box in box.u32(1, track.samples.count, frameTicks) }
        let syncs = track.samples.indices.filter { track.samples[$0].isSync }
        box.full("stss") { box in
            box.u32(syncs.count)
            for index in syncs { box.u32(index + 1) }
        }
        box.full("stsc") { box in box.u32(1, 1, track.samples.count, 1) }
        box.full("stsz") { box in
            box.u32(0, track.samples.count)
            for sample in track.samples { box.u32(sample.bytes.count) }
        }
        var place = 0
        box.full("stco") { box in
            box.u32(1)
            place = box.bytes.count
            box.u32(0)
        }
        return place
    }

    private static func sampleEntry(_ track: H264Track, into box: inout BoxWriter) {
        box.u16(0, 0, 0, 1)
        box.u32(0, 0, 0, 0)
        box.u16(track.width, track.height)
        box.u32(0x0048_0000, 0x0048_0000, 0)  // 72 dpi
        box.u16(1)
        box.raw([UInt8](repeating: 0, count: 32))
        box.u16(24, 0xFFFF)
        box.box("avcC") { box in
            box.raw([1, track.sps[1], track.sps[2], track.sps[3]])
            box.raw([0xFF, 0xE1])  // lengths of four bytes, one sequence set
            box.u16(track.sps.count)
            box.raw(track.sps)
            box.raw([1])
            box.u16(track.pps.count)
            box.raw(track.pps)
            // The high profiles repeat the chroma format and bit depths: 4:2:0, 8 bits.
            if [100, 110, 122, 144].contains(track.sps[1]) { box.raw([0xFD, 0xF8, 0xF8, 0]) }
        }
        box.box("colr") { box in
            box.text("nclx")
            box.u16(1, 1, 1)  // BT.709
            box.raw([0])  // limited range
        }
        box.box("pasp") { box in box.u32(1, 1) }
    }
}

/// Big-endian boxes whose lengths are filled in when they close.
private struct BoxWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func box(_ type: String, _ content: (inout BoxWriter) -> Void) {
        let start = bytes.count
        u32(0)
        text(type)
        content(&self)
        patch32(bytes.count - start, at: start)
    }

    mutating func full(
        _ type: String, flags: Int = 0, _ content: (inout BoxWriter) -> Void
    ) {
        box(type) { box in
            box.u32(flags)
            content(&box)
        }
    }

    mutating func u32(_ values: Int...) {
        for value in values {
            let word = UInt32(truncatingIfNeeded: value)
            for shift: UInt32 in [24, 16, 8, 0] {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
    }

    mutating func u16(_ values: Int...) {
        for value in values {
            bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            bytes.append(UInt8(truncatingIfNeeded: value))
        }
    }

    mutating func raw(_ values: [UInt8]) { bytes.append(contentsOf: values) }

    mutating func text(_ value: String) { bytes.append(contentsOf: value.utf8) }

    /// The unit matrix of a picture that is neither moved nor turned.
    mutating func matrix() { u32(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000) }

    mutating func patch32(_ value: Int, at offset: Int) {
        let word = UInt32(truncatingIfNeeded: value)
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            bytes[offset + index] = UInt8(truncatingIfNeeded: word >> UInt32(shift))
        }
    }
}
