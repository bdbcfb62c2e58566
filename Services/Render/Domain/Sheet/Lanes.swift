// Between lanes of different widths. The conversions of the standard library are called, not
// inlined, where several threads compile a module, as they do for a package; that is a fifteenth of
// a portable frame.

extension SIMD8<Int32> {
    /// The low halves of the lanes.
    @inline(__always)
    var narrowed: SIMD8<Int16> { unsafeBitCast(self, to: SIMD16<Int16>.self).evenHalf }
}

extension SIMD8<Int16> {
    @inline(__always)
    var widened: SIMD8<Int32> {
        var high = SIMD16<Int16>()
        high.oddHalf = self
        return unsafeBitCast(high, to: SIMD8<Int32>.self) &>> 16
    }
}
