// The submessages of a frame as they are found on the wire. Where one occurs twice, protobuf-c
// merges: a number of the latter replaces that of the earlier even if it is absent (zero), a text
// replaces it if it is present, bytes replace them if they are not empty, repeated fields follow
// one another.

/// The status and the hello of the frames that have one. It belongs to one frame view.
final class FrameParts {
    private var statusFields: StatusFields?
    private var helloFields: HelloFields?
    private(set) var status: Status?
    private(set) var hello: Hello?

    /// Takes in a field 7 or 9 of a frame.
    func append(_ field: FieldReader.Field) throws(WireError) {
        if field.number == 7 {
            let latter = try StatusFields(try field.bytes())
            statusFields = statusFields.map { latter.merging(earlier: $0) } ?? latter
        } else {
            let latter = try HelloFields(try field.bytes())
            helloFields = helloFields.map { latter.merging(earlier: $0) } ?? latter
        }
    }

    /// Copies out what was found, once all fields were taken in.
    func finish() throws(WireError) {
        status = try statusFields?.value()
        hello = try helloFields?.value()
        statusFields = nil
        helloFields = nil
    }
}

/// The two fields of a metadata pair or a detail, by address.
struct PairFields {
    private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var value = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: key = try field.bytes()
            case 2: value = try field.bytes()
            default: break
            }
        }
    }
}

struct StatusFields {
    private var code: UInt32 = 0
    private var domainCode: UnsafeRawBufferPointer?
    private var message: UnsafeRawBufferPointer?
    private var details: [PairFields] = []
    private var isRetryable = false
    private var retryAfterMilliseconds: UInt32 = 0

    init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: code = try field.unsigned32()
            case 2: domainCode = try field.bytes()
            case 3: message = try field.bytes()
            case 4:
                let pair = try PairFields(try field.bytes())
                guard details.count < EnvelopeLimits.statusDetailsMax else {
                    throw .limit(.status)
                }
                details.append(pair)
            case 5: isRetryable = field.boolean()
            case 6: retryAfterMilliseconds = try field.unsigned32()
            default: break
            }
        }
    }

    func merging(earlier: StatusFields) -> StatusFields {
        var merged = self
        merged.domainCode = domainCode ?? earlier.domainCode
        merged.message = message ?? earlier.message
        merged.details = earlier.details + details
        return merged
    }

    func value() throws(WireError) -> Status {
        var pairs: [MetadataPair] = []
        guard details.count <= EnvelopeLimits.statusDetailsMax,
            (domainCode?.count ?? 0) <= EnvelopeLimits.domainCodeBytesMax,
            (message?.count ?? 0) <= EnvelopeLimits.statusMessageBytesMax
        else { throw .limit(.status) }
        for detail in details {
            guard detail.key.count <= EnvelopeLimits.metadataKeyBytesMax,
                detail.value.count <= EnvelopeLimits.detailValueBytesMax
            else { throw .limit(.status) }
            pairs.append(
                MetadataPair(
                    key: try checkedText(detail.key), value: try checkedText(detail.value)))
        }
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        return Status(
            code: code, domainCode: try checkedText(domainCode ?? none),
            message: try checkedText(message ?? none), details: pairs, isRetryable: isRetryable,
            retryAfterMilliseconds: retryAfterMilliseconds)
    }
}

struct HelloFields {
    private var version: UInt32 = 0
    private var service: UnsafeRawBufferPointer?
    private var nonce = UnsafeRawBufferPointer(start: nil, count: 0)
    private var proof = UnsafeRawBufferPointer(start: nil, count: 0)
    private var frameBytesMax: UInt32 = 0
    private var streamsMax: UInt32 = 0
    private var windowBytes: UInt32 = 0

    init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: version = try field.unsigned32()
            case 2: service = try field.bytes()
            case 3: nonce = try field.bytes()
            case 4: proof = try field.bytes()
            case 5: frameBytesMax = try field.unsigned32()
            case 6: streamsMax = try field.unsigned32()
            case 7: windowBytes = try field.unsigned32()
            default: break
            }
        }
    }

    func merging(earlier: HelloFields) -> HelloFields {
        var merged = self
        merged.service = service ?? earlier.service
        if nonce.isEmpty { merged.nonce = earlier.nonce }
        if proof.isEmpty { merged.proof = earlier.proof }
        return merged
    }

    func value() throws(WireError) -> Hello {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        guard EnvelopeLimits.nonceBytes.contains(nonce.count),
            proof.isEmpty || proof.count == EnvelopeLimits.proofBytes,
            (service?.count ?? 0) <= EnvelopeLimits.serviceBytesMax
        else { throw .limit(.hello) }
        return Hello(
            version: version, service: try checkedText(service ?? none), nonce: Bytes(nonce),
            proof: Bytes(proof), frameBytesMax: frameBytesMax, streamsMax: streamsMax,
            windowBytes: windowBytes)
    }
}
