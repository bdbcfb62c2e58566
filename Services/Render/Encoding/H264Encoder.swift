internal import COpenH264

/// Why a stream could not be encoded.
package struct H264Error: Error, Hashable, Sendable {
    package let message: String
}

/// What a decoder must know before the first picture.
package struct H264Parameters: Hashable, Sendable {
    /// Sequence and picture parameter sets, without start codes.
    package var sps: [UInt8] = []
    package var pps: [UInt8] = []
}

/// OpenH264 at a constant quantiser: no rate control, no skipped frame, one thread.
///
/// The same frames give the same bytes. An encoder is used by one thread at a time.
///
/// OpenH264 sets 1.5 bytes a pixel aside for a frame and refuses one that takes more than 1, as noise
/// does at a fine quantiser; such a frame and those after it get a coarser one. With CABAC it
/// writes beyond what it set aside before it notices, so fine quantisers use CAVLC, which looks.
package final class H264Encoder {
    /// From here on no frame takes 1.5 bytes a pixel with CABAC: black and white pixels by chance,
    /// the worst there is, take 1.35.
    private static let cabacQuantiserMin = 20
    private static let quantiserMax = 51
    /// A step makes a frame of noise a sixth smaller.
    private static let quantiserStep = 4

    private var coder: Coder
    private let width: Int
    private let height: Int
    private let framesPerSecond: Int
    private let syncInterval: Int
    private let isCABAC: Bool
    /// Of the next frame.
    private var quantiser: Int
    private var frames = 0
    /// Known after the first frame.
    package private(set) var parameters = H264Parameters()

    /// The library's version, which decides the bytes.
    package static var version: String {
        let version = WelsGetCodecVersion()
        return "openh264-\(version.uMajor).\(version.uMinor).\(version.uRevision)"
    }

    /// - Parameters:
    ///   - width: Even, 16…4096.
    ///   - quantiser: 1…51, lower is better; 26 is hard to tell from the source.
    ///   - syncInterval: Frames from one sync sample to the next; 0: only the first is one.
    package init(
        width: Int, height: Int, framesPerSecond: Int, quantiser: Int, syncInterval: Int = 0
    ) throws(H264Error) {
        precondition(width % 2 == 0 && height % 2 == 0)
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.syncInterval = syncInterval
        self.quantiser = quantiser
        // Of the whole stream: its parameter sets say it.
        isCABAC = quantiser >= Self.cabacQuantiserMin
        let isCABAC = isCABAC
        coder = try Coder(width: width, height: height) { settings in
            Self.fill(
                &settings, width: width, height: height, framesPerSecond: framesPerSecond,
                quantiser: quantiser, syncInterval: syncInterval, isCABAC: isCABAC)
        }
    }

    /// Goes on with a coarser quantiser, from a sync sample.
    private func coarsen() throws(H264Error) {
        quantiser = min(quantiser + Self.quantiserStep, Self.quantiserMax)
        coder = try Coder(width: width, height: height) { settings in
            Self.fill(
                &settings, width: width, height: height, framesPerSecond: framesPerSecond,
                quantiser: quantiser, syncInterval: syncInterval, isCABAC: isCABAC)
        }
    }

    /// An encoder of the library.
    private final class Coder {
        private let encoder: UnsafeMutablePointer<ISVCEncoder?>
        private let calls: ISVCEncoderVtbl

        init(
            width: Int, height: Int, fill: (inout SEncParamExt) -> Void
        ) throws(H264Error) {
            var created: UnsafeMutablePointer<ISVCEncoder?>?
            guard WelsCreateSVCEncoder(&created) == 0, let created, let table = created.pointee
            else { throw H264Error(message: "encoder could not be made") }
            encoder = created
            calls = table.pointee
            // Messages go nowhere: every failure is seen in the results.
            var quiet = Int32(WELS_LOG_QUIET)
            _ = calls.SetOption(encoder, ENCODER_OPTION_TRACE_LEVEL, &quiet)
            var settings = SEncParamExt()
            _ = calls.GetDefaultParams(encoder, &settings)
            fill(&settings)
            guard calls.InitializeExt(encoder, &settings) == 0 else {
                throw H264Error(message: "encoder refused \(width)×\(height)")
            }
            var format = Int32(videoFormatI420.rawValue)
            _ = calls.SetOption(encoder, ENCODER_OPTION_DATAFORMAT, &format)
        }

        deinit {
            _ = calls.Uninitialize(encoder)
            WelsDestroySVCEncoder(encoder)
        }

        /// What the library answers; `result` is valid until the next frame.
        func encode(_ source: inout SSourcePicture, into result: inout SFrameBSInfo) -> Int {
            Int(calls.EncodeFrame(encoder, &source, &result))
        }
    }

    private static func fill(
        _ settings: inout SEncParamExt, width: Int, height: Int, framesPerSecond: Int,
        quantiser: Int, syncInterval: Int, isCABAC: Bool
    ) {
        settings.iUsageType = CAMERA_VIDEO_REAL_TIME
        settings.iPicWidth = Int32(width)
        settings.iPicHeight = Int32(height)
        settings.fMaxFrameRate = Float(framesPerSecond)
        settings.iTargetBitrate = 5_000_000
        settings.iRCMode = RC_OFF_MODE
        settings.iTemporalLayerNum = 1
        settings.iSpatialLayerNum = 1
        settings.iComplexityMode = LOW_COMPLEXITY
        settings.uiIntraPeriod = UInt32(syncInterval)
        settings.iNumRefFrame = 1
        settings.eSpsPpsIdStrategy = CONSTANT_ID
        settings.iEntropyCodingModeFlag = isCABAC ? 1 : 0
        settings.bEnableFrameSkip = false
        settings.iMinQp = Int32(quantiser)
        settings.iMaxQp = Int32(quantiser)
        settings.iMultipleThreadIdc = 1
        settings.bEnableDenoise = false
        settings.bEnableBackgroundDetection = false
        settings.bEnableAdaptiveQuant = false
        settings.bEnableSceneChangeDetect = false
        settings.bEnableLongTermReference = false
        settings.iPaddingFlag = 0
        settings.sSpatialLayers.0.iVideoWidth = Int32(width)
        settings.sSpatialLayers.0.iVideoHeight = Int32(height)
        settings.sSpatialLayers.0.fFrameRate = Float(framesPerSecond)
        settings.sSpatialLayers.0.iSpatialBitrate = 5_000_000
        settings.sSpatialLayers.0.uiProfileIdc = PRO_HIGH
        settings.sSpatialLayers.0.uiLevelIdc = LEVEL_UNKNOWN
        settings.sSpatialLayers.0.iDLayerQp = Int32(quantiser)
        settings.sSpatialLayers.0.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE
        settings.sSpatialLayers.0.bVideoSignalTypePresent = true
        settings.sSpatialLayers.0.uiVideoFormat = UInt8(VF_UNDEF.rawValue)
        settings.sSpatialLayers.0.bFullRange = false
        settings.sSpatialLayers.0.bColorDescriptionPresent = true
        settings.sSpatialLayers.0.uiColorPrimaries = UInt8(CP_BT709.rawValue)
        settings.sSpatialLayers.0.uiTransferCharacteristics = UInt8(TRC_BT709.rawValue)
        settings.sSpatialLayers.0.uiColorMatrix = UInt8(CM_BT709.rawValue)
    }

    /// Encodes the next frame; the first is a sync sample.
    ///
    /// - Precondition: The frame has the encoder's size and the video-range encoding.
    package func encode(_ frame: Picture420) throws(H264Error) -> H264Sample {
        precondition(frame.width == width && frame.height == height)
        precondition(frame.encoding == .videoRange709)
        var source = SSourcePicture()
        source.iColorFormat = Int32(videoFormatI420.rawValue)
        source.iPicWidth = Int32(frame.width)
        source.iPicHeight = Int32(frame.height)
        source.iStride = (
            Int32(frame.luma.width), Int32(frame.cb.width), Int32(frame.cr.width), 0
        )
        source.pData = (frame.luma.samples, frame.cb.samples, frame.cr.samples, nil)
        source.uiTimeStamp = Int64(frames * 1000 / framesPerSecond)
        var result = SFrameBSInfo()
        var answer = coder.encode(&source, into: &result)
        while answer == Int(cmMallocMemeError.rawValue), quantiser < Self.quantiserMax {
            try coarsen()
            result = SFrameBSInfo()
            answer = coder.encode(&source, into: &result)
        }
        guard answer == 0 else {
            throw H264Error(message: "frame \(frames) was refused with \(answer)")
        }
        var sample = H264Sample(bytes: [], isSync: result.eFrameType == videoFrameTypeIDR)
        sample.bytes.reserveCapacity(Int(result.iFrameSizeInBytes))
        withUnsafeBytes(of: &result.sLayerInfo) { layers in
            for layer in layers.bindMemory(to: SLayerBSInfo.self).prefix(Int(result.iLayerNum)) {
                var unit = UnsafePointer<UInt8>(layer.pBsBuf)
                for index in 0..<Int(layer.iNalCount) {
                    guard let start = unit, let lengths = layer.pNalLengthInByte else { break }
                    let count = Int(lengths[index])
                    keep(UnsafeBufferPointer(start: start, count: count), in: &sample)
                    unit = start + count
                }
            }
        }
        guard !sample.bytes.isEmpty else {
            throw H264Error(message: "frame \(frames) was skipped")
        }
        frames += 1
        return sample
    }

    /// Sorts one NAL unit with its start code: parameter sets apart, the rest into the sample.
    private func keep(_ unit: UnsafeBufferPointer<UInt8>, in sample: inout H264Sample) {
        let zeros = unit.prefix { $0 == 0 }.count
        let body = unit.dropFirst(zeros + 1)
        guard zeros >= 2, let header = body.first else { return }
        switch header & 31 {
        case 7: parameters.sps = Array(body)
        case 8: parameters.pps = Array(body)
        default:
            withUnsafeBytes(of: UInt32(body.count).bigEndian) {
                sample.bytes.append(contentsOf: $0)
            }
            sample.bytes.append(contentsOf: body)
        }
    }
}
