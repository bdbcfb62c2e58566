/// The forms of the renderer's inner loops that this build has.
package enum RenderKernel: String, CaseIterable, Sendable {
    /// Runs everywhere.
    case portable
    /// For processors with AVX-512.
    case avx512

    /// The fastest that this processor can run. It belongs into every cache key: ``rawValue``.
    package static let fastest: RenderKernel = VectorKernel.isSupported ? .avx512 : .portable

    package var isSupported: Bool { self == .portable || VectorKernel.isSupported }

    /// A new one, for one renderer.
    /// - Precondition: ``isSupported``.
    package func make() -> any SheetKernel {
        switch self {
        case .portable: PortableKernel()
        case .avx512: VectorKernel()
        }
    }
}
