import Cryptography
import Testing

@Suite struct CryptographyTests {
    // FIPS 180-2, appendix B, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 gives the published digests`(message: String, digest: String) {
        #expect(Hex.encode(SHA256.digest(of: message)) == digest)
        #expect(Hex.encode(SHA256.digest(of: Array(message.utf8))) == digest)
    }

    @Test func `a hash fed in pieces equals the hash of the whole`() {
        let message = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = SHA256.digest(of: message)
        for size in [1, 63, 64, 65, 999] {
            var hash = SHA256()
            for start in stride(from: 0, to: message.count, by: size) {
                hash.update(message[start..<min(start + size, message.count)])
            }
            #expect(hash.finish() == whole)
            // The hash is empty again.
            hash.update("abc")
            #expect(hash.finish() == SHA256.digest(of: "abc"))
        }
    }

    // RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block).
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            // No key and no message, as computed by `openssl dgst -sha256 -hmac ''`.
            (
                [], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
            ),
        ] as [([UInt8], [UInt8], String)])
    func `HMAC-SHA-256 gives the published codes`(
        key: [UInt8], message: [UInt8], expected: String
    ) throws {
        let code = HMACSHA256.code(key: key, message: message)
        #expect(Hex.encode(code) == expected)
        #expect(HMACSHA256.isValid(code, key: key, message: message))
        var wrong = code
        wrong[31] ^= 1
        #expect(!HMACSHA256.isValid(wrong, key: key, message: message))
        #expect(!HMACSHA256.isValid(Array(code.dropLast()), key: key, message: message))
    }

    @Test func `secrets are compared by content`() {
        #expect(isEqualInConstantTime([], []))
        #expect(isEqualInConstantTime([1, 2, 3], [1, 2, 3]))
        #expect(!isEqualInConstantTime([1, 2, 3], [1, 2, 4]))
        #expect(!isEqualInConstantTime([1, 2, 3], [1, 2]))
    }

    // RFC 4648, section 10, without padding, and the two letters that differ from base64.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func `base64url gives the published texts`(plain: String, text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
    }

    @Test func `base64url uses the letters that are safe in a URL`() {
        #expect(Base64URL.encode([0xfb, 0xff, 0xfe]) == "-__-")
        #expect(Base64URL.decode("-__-") == [0xfb, 0xff, 0xfe])
    }

    @Test(arguments: ["Zg==", "Z", "Zh", "Zm9=", "Zm 9v", "Zm+/", "Zm9v\n", "é"])
    func `base64url refuses what is not its own output`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `hexadecimal text goes there and back`() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(Hex.decode("00fFAb") == [0, 0xff, 0xab])
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0g") == nil)
        #expect(Hex.encode([]).isEmpty)
    }

    @Test func `random bytes have the asked length and do not repeat`() {
        #expect(SecureRandom.bytes(0).isEmpty)
        let draws = (0..<100).map { _ in SecureRandom.bytes(32) }
        #expect(draws.allSatisfy { $0.count == 32 })
        #expect(Set(draws).count == 100)
        #expect(Base64URL.decode(SecureRandom.token())?.count == 32)
    }

    // From libargon2's own test list: version 0x13, 2 passes, 64 MiB and 256 KiB, 1 lane.
    @Test(arguments: [
        (
            UInt32(65_536), UInt32(1), "password", "somesalt",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
                + "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        ),
        (
            UInt32(256), UInt32(1), "password", "somesalt",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
                + "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
        ),
        (
            UInt32(256), UInt32(2), "password", "somesalt",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$"
                + "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
        ),
    ])
    func `argon2id gives the published hashes`(
        memoryKiB: UInt32, lanes: UInt32, password: String, salt: String, encoded: String
    ) throws {
        let hash = PasswordHash(passes: 2, memoryKiB: memoryKiB, lanes: lanes)
        #expect(try hash.encode(password, salt: Array(salt.utf8)) == encoded)
        #expect(PasswordHash.isValid(password, for: encoded))
        #expect(!PasswordHash.isValid(password + "x", for: encoded))
    }

    @Test func `a password is hashed under a fresh salt and only it verifies`() throws {
        let hash = PasswordHash(passes: 1, memoryKiB: 64)
        let first = try hash.encode("correct horse")
        let second = try hash.encode("correct horse")
        #expect(first != second)
        #expect(PasswordHash.isValid("correct horse", for: first))
        #expect(PasswordHash.isValid("correct horse", for: second))
        #expect(!PasswordHash.isValid("Correct horse", for: first))
        #expect(!PasswordHash.isValid("correct horse", for: "not a hash"))
        #expect(!PasswordHash.isValid("correct horse", for: ""))
        #expect(throws: PasswordHash.Failure.self) {
            try PasswordHash(passes: 0).encode("x")
        }
    }
}
