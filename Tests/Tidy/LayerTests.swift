import Foundation
import Testing

@Suite struct `Layers` {
    @Test(arguments: SourceTree.services)
    func `a service never imports another one`(_ service: String) {
        let others = Set(SourceTree.services).subtracting([service]).map { $0 + "Service" }
        for file in SourceTree.product where file.path.hasPrefix("Services/\(service)/") {
            #expect(Set(file.imports).isDisjoint(with: others), "\(file.path)")
        }
    }

    @Test func `shared modules know no service`() {
        let services = SourceTree.services.map { $0 + "Service" } + ["Launcher", "LocalPictures"]
        for file in SourceTree.product where file.path.hasPrefix("Shared/") {
            #expect(Set(file.imports).isDisjoint(with: services), "\(file.path)")
        }
    }

    /// Modules of values only, which import nothing themselves.
    private static let pureModules = ["CameraMoves"]

    @Test func `domains import nothing but pure modules`() {
        let domains = SourceTree.product.filter { $0.path.contains("/Domain/") }
        #expect(domains.count > 20)
        for file in domains {
            let others = file.imports.filter { !Self.pureModules.contains($0) }
            #expect(others.isEmpty, "\(file.path) imports \(others)")
        }
        for file in SourceTree.product {
            for module in Self.pureModules where file.path.hasPrefix("Shared/\(module)/") {
                #expect(file.imports.isEmpty, "\(file.path) imports \(file.imports)")
            }
        }
    }

    /// Each system library has one Swift wrapper.
    private static let wrappers: [String: [String]] = [
        "CProtobufC": ["Shared/Wire/", "Shared/ServiceAPI/", "Shared/Generator/"],
        "CMessages": ["Shared/ServiceAPI/", "Shared/Generator/"],
        "CSQLite": ["Shared/Storage/"],
        "CLLHTTP": ["Shared/HTTP/"],
        "CCurl": ["Shared/HTTP/Client/"],
        "CCrypto": ["Shared/Cryptography/"],
        "CTurboJPEG": ["Shared/ImageCodec/"],
        "CPNG": ["Shared/ImageCodec/"],
        "CWebP": ["Shared/ImageCodec/"],
        "CArchive": ["Shared/Archive/"],
        "COpenH264": ["Services/Render/"],
        "CSheetKernel": ["Services/Render/Kernels/"],
        "COnnxRuntime": ["Services/Render/Work/"],
        "CLinux": ["Shared/"],
    ]

    @Test(arguments: wrappers.keys.sorted())
    func `a system library is imported by its wrapper alone`(_ library: String) {
        let allowed = Self.wrappers[library] ?? []
        for file in SourceTree.product where file.imports.contains(library) {
            #expect(allowed.contains { file.path.hasPrefix($0) }, "\(file.path)")
        }
    }

    @Test func `handwritten code never touches a C message struct`() {
        for file in SourceTree.product
        where !file.isGenerated && file.imports.contains("CMessages") {
            #expect(
                file.path.hasPrefix("Shared/Generator/") || file.path.hasSuffix("WireFields.swift"),
                "\(file.path)")
        }
    }

    @Test func `Foundation stays out of the product`() {
        for file in SourceTree.product {
            #expect(!file.imports.contains("Foundation"), "\(file.path)")
        }
    }

    /// An edge for each `XAPI.Client` that a service makes; health is asked of everybody.
    @Test func `services call one another as the golden graph says`() throws {
        var edges: Set<String> = []
        for service in SourceTree.services {
            for file in SourceTree.product where file.path.hasPrefix("Services/\(service)/") {
                for callee in SourceTree.services where callee != service {
                    if file.lines.contains(where: { $0.contains("\(callee)API.Client") }) {
                        edges.insert("\(service.lowercased()) -> \(callee.lowercased())")
                    }
                }
            }
        }
        let golden = try #require(SourceTree.file("Tests/Golden/calls.txt"))
        let allowed = Set(golden.lines.filter { $0.contains("->") }.map(String.init))
        #expect(edges.count >= 7)
        #expect(edges.subtracting(allowed).isEmpty, "calls that the design does not allow")
    }
}
