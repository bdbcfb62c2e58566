/// The answer to protoc: the files, or an error.
///
/// It is packed by hand: a `CodeGeneratorResponse` has two text fields and a list of files with
/// two text fields each.
struct GeneratorResponse {
    private var bytes: [UInt8] = []

    init(files: [SourceFile]) {
        for file in files {
            var packed: [UInt8] = []
            Self.append(1, Array(file.name.utf8), to: &packed)
            Self.append(15, Array(file.text.utf8), to: &packed)
            Self.append(15, packed, to: &bytes)
        }
    }

    init(error: String) {
        Self.append(1, Array(error.utf8), to: &bytes)
    }

    func packed() -> [UInt8] { bytes }

    private static func append(_ number: UInt8, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(number << 3 | 2)
        var length = value.count
        while length >= 0x80 {
            bytes.append(UInt8(length & 0x7f) | 0x80)
            length >>= 7
        }
        bytes.append(UInt8(length))
        bytes.append(contentsOf: value)
    }
}
