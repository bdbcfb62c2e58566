internal import CSheetKernel

/// Asks memory for what will be read soon. It changes nothing but the time that the read takes, and
/// the address may be anything.
@inline(__always)
func prefetch(_ address: UnsafeRawPointer) {
    sheet_prefetch(address)
}
