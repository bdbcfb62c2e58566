/// What decides the bytes of a frame beside its request.
enum RendererVersion {
    /// Changes whenever the same request may give other pixels.
    static let name = "sheet-5"
}
