// swift-tools-version:6.2
import PackageDescription

// The manifest is a rule as well as a build file: the helpers below make a dependency that the
// layering forbids (docs/architecture.md) look wrong where it is written.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // An async function stays where its caller is: a call through the RPC layer would otherwise ask
    // for its executor at every step (docs/performance.md).
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Pixel code is thirty times slower unoptimised, so it is optimised in debug builds as well.
let pixels: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Every call passes through these: without the dynamic check of exclusive access to class members
/// they take about 5 % less CPU (docs/performance.md). Debug builds keep the check.
let hot: [SwiftSetting] =
    strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// Release executables carry the Swift runtime with them: they start faster, take less memory and
/// run where no toolchain is. Tests cannot (the testing library has no static form).
let selfContained: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib"], .when(configuration: .release))
]

func system(_ name: String) -> Target {
    .systemLibrary(name: name, path: "Shared/\(name)")
}

func shared(
    _ name: String, _ path: String? = nil, uses: [Target.Dependency], excludes: [String] = [],
    settings: [SwiftSetting] = strict
) -> Target {
    .target(
        name: name, dependencies: uses, path: "Shared/\(path ?? name)", exclude: excludes,
        swiftSettings: settings)
}

/// What every service may use. A service never uses another service.
let serviceUses: [Target.Dependency] = [
    "ServiceAPI", "ServiceProcess", "ServiceRuntime", "RPC", "Wire",
]

func service(
    _ name: String, uses: [Target.Dependency], excludes: [String] = [], migrations: Bool = true
) -> [Target] {
    [
        .target(
            name: "\(name)Service", dependencies: serviceUses + uses, path: "Services/\(name)",
            exclude: ["README.md", "Main"] + excludes,
            resources: migrations ? [.embedInCode("Migrations")] : [],
            swiftSettings: strict),
        .executableTarget(
            name: name.lowercased(), dependencies: [.target(name: "\(name)Service")],
            path: "Services/\(name)/Main", swiftSettings: strict, linkerSettings: selfContained),
    ]
}

func tests(
    _ name: String, _ path: String, uses: [Target.Dependency], excludes: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: uses + ["TestSupport"], path: "Tests/\(path)",
        exclude: excludes, swiftSettings: strict)
}

let package = Package(
    name: "convergence",
    targets: [
        // System libraries, each behind the one Swift wrapper named beside it.
        system("CProtobufC"),  // Wire
        system("CSQLite"),  // Storage
        system("CCrypto"),  // Cryptography
        system("CTurboJPEG"),  // ImageCodec
        system("CPNG"),  // ImageCodec
        system("CWebP"),  // ImageCodec
        system("CArchive"),  // Archive
        system("COpenH264"),  // RenderService
        .target(name: "CCurl", path: "Shared/CCurl"),  // HTTPOutbound
        .target(name: "CSheetKernel", path: "Shared/CSheetKernel"),  // RenderService
        .target(
            name: "COnnxRuntime", path: "Shared/COnnxRuntime",
            linkerSettings: [.linkedLibrary("dl")]),  // RenderService
        .target(name: "CLinux", path: "Shared/CLinux"),  // ServiceRuntime, RPC
        // HTTP. Debian ships llhttp as sources outside of the compiler's paths.
        .target(
            name: "CLLHTTP", path: "Shared/CLLHTTP",
            cSettings: [
                .define("LLHTTP_STRICT_MODE", to: "1"),
                .unsafeFlags(["-I/usr/share/llhttp", "-I/usr/share/include/llhttp"]),
            ]),
        .target(
            name: "CMessages", dependencies: ["CProtobufC"], path: "Shared/CMessages"),

        // Shared, lowest first.
        shared("Wire", uses: ["CProtobufC", "CLinux"], settings: hot),
        shared("Cryptography", uses: ["CCrypto"]),
        shared("CameraMoves", uses: []),
        shared("ImageCodec", uses: ["CTurboJPEG", "CPNG", "CWebP"], settings: pixels),
        shared("Archive", uses: ["CArchive"]),
        shared("ServiceRuntime", uses: ["CLinux"], settings: hot),
        shared(
            "RPC", uses: ["Wire", "ServiceRuntime", "Cryptography", "CLinux"], settings: hot),
        shared(
            "HTTP", uses: ["ServiceRuntime", "CLLHTTP", "CLinux"], excludes: ["Client"],
            settings: hot),
        // Loads libcurl with the first client, so that who calls nobody outside does without it.
        shared(
            "HTTPOutbound", "HTTP/Client", uses: ["HTTP", "ServiceRuntime", "CCurl", "CLinux"]),
        shared("Storage", uses: ["ServiceRuntime", "Cryptography", "CSQLite"]),
        shared(
            "ServiceAPI", uses: ["Wire", "RPC", "CMessages", "CProtobufC"], settings: hot),
        shared(
            "ServiceProcess",
            uses: ["ServiceAPI", "ServiceRuntime", "RPC", "HTTP", "Wire", "CLinux"]),

        // The code generator: a protoc plugin.
        .executableTarget(
            name: "protoc-gen-convergence", dependencies: ["CMessages", "CProtobufC", "CLinux"],
            path: "Shared/Generator", swiftSettings: strict),
    ]
        + service("Credits", uses: ["Storage", "Cryptography", "HTTP", "HTTPOutbound"])
        + service("Prompt", uses: ["Storage", "Cryptography", "CameraMoves"])
        + service(
            "Media", uses: ["Storage", "Cryptography", "ImageCodec", "LocalPictures"],
            excludes: ["Providers/LocalPictures"])
        + service(
            "Render",
            uses: [
                "Storage", "ImageCodec", "Cryptography", "COpenH264", "CameraMoves", "CSheetKernel",
                "COnnxRuntime",
            ])
        + service("Session", uses: ["Storage", "Cryptography"])
        + service(
            "Gateway", uses: ["Storage", "HTTP", "HTTPOutbound", "Cryptography", "Archive"],
            excludes: ["Web/studio"])
        + [
            .target(
                name: "LocalPictures", path: "Services/Media/Providers/LocalPictures",
                swiftSettings: pixels),
            .target(
                name: "Launcher", dependencies: ["HTTP", "HTTPOutbound", "ServiceRuntime"],
                path: "Services/Launcher", exclude: ["README.md", "Main"], swiftSettings: strict),
            .executableTarget(
                name: "convergence", dependencies: ["Launcher"], path: "Services/Launcher/Main",
                swiftSettings: strict, linkerSettings: selfContained),
            .executableTarget(
                name: "contact-sheet", dependencies: ["LocalPictures", "ImageCodec"],
                path: "Tests/ContactSheet", swiftSettings: strict),
            .executableTarget(
                name: "model-sheet", dependencies: ["LocalPictures"],
                path: "Tests/ModelSheet", swiftSettings: strict),
            .executableTarget(
                name: "bench",
                dependencies: [
                    "ServiceAPI", "RPC", "Wire", "ServiceRuntime", "HTTP", "HTTPOutbound",
                    "RenderService", "ImageCodec", "Cryptography", "CLinux",
                ],
                path: "Tests/Benchmarks", exclude: ["peers"], swiftSettings: strict,
                linkerSettings: selfContained),

            .target(
                name: "TestSupport",
                dependencies: [
                    "ServiceAPI", "ServiceRuntime", "RPC", "Wire", "HTTP", "Cryptography",
                ],
                path: "Tests/TestSupport",
                swiftSettings: strict),
            tests(
                "Wire", "Shared/Wire",
                uses: ["Wire", "CMessages", "CProtobufC", "CLinux", "ServiceAPI"]),
            tests("Archive", "Shared/Archive", uses: ["Archive"]),
            tests("ImageCodec", "Shared/ImageCodec", uses: ["ImageCodec"]),
            tests("ServiceRuntime", "Shared/ServiceRuntime", uses: ["ServiceRuntime"]),
            tests(
                "RPC", "Shared/RPC",
                uses: ["RPC", "Wire", "ServiceRuntime", "ServiceAPI"]),
            tests("Cryptography", "Shared/Cryptography", uses: ["Cryptography"]),
            tests("HTTP", "Shared/HTTP", uses: ["HTTP", "HTTPOutbound", "ServiceRuntime"]),
            tests("Storage", "Shared/Storage", uses: ["Storage", "ServiceRuntime"]),
            tests(
                "Credits", "Services/Credits",
                uses: [
                    "CreditsService", "ServiceAPI", "Storage", "ServiceRuntime", "RPC", "Wire",
                    "HTTP", "HTTPOutbound",
                ]),
            tests(
                "Prompt", "Services/Prompt",
                uses: [
                    "PromptService", "ServiceAPI", "Storage", "ServiceRuntime", "RPC",
                    "CameraMoves",
                ]),
            tests(
                "Media", "Services/Media",
                uses: [
                    "MediaService", "ServiceAPI", "Storage", "ServiceRuntime", "RPC", "Wire",
                    "ImageCodec", "Cryptography", "LocalPictures",
                ], excludes: ["LocalPictures"]),
            tests(
                "LocalPictures", "Services/Media/LocalPictures",
                uses: ["LocalPictures", "Cryptography"]),
            tests(
                "Render", "Services/Render",
                uses: [
                    "RenderService", "ServiceAPI", "ServiceRuntime", "RPC", "ImageCodec",
                    "Wire", "CameraMoves", "Storage",
                ]),
            tests(
                "Session", "Services/Session",
                uses: ["SessionService", "ServiceAPI", "Storage", "ServiceRuntime", "RPC"]),
            tests(
                "Gateway", "Services/Gateway",
                uses: [
                    "GatewayService", "ServiceAPI", "Storage", "ServiceRuntime", "RPC", "HTTP",
                    "HTTPOutbound", "Cryptography",
                ]),
            tests("Launcher", "Services/Launcher", uses: ["Launcher", "ServiceRuntime"]),
            tests(
                "Integration", "Integration", uses: ["ServiceRuntime", "HTTP", "HTTPOutbound"],
                excludes: ["python"]),
            tests(
                "Simulation", "Simulation",
                uses: [
                    "CreditsService", "SessionService", "MediaService", "ServiceAPI", "Storage",
                    "ServiceRuntime", "RPC", "Wire", "ImageCodec", "Cryptography", "CSQLite",
                    "HTTP",
                    "HTTPOutbound",
                ]),
            tests("Tidy", "Tidy", uses: []),
        ]
)
