/// The pictures of both sheets, the back one below the front one, in planes that a kernel can read
/// without looking where it is: a place on the back sheet is one so many rows further down.
///
/// Each sheet's last column and row go on for as far as a bilinear look-up reaches.
struct SheetStack: Sendable {
    let luma: Plane<UInt8>
    let cb: Plane<UInt8>
    let cr: Plane<UInt8>
    /// Rows of luma from a place on the front sheet to the same on the back sheet; even.
    let backRows: Int

    /// Samples after the last one that a kernel may read, and must not use.
    private static let slack = 64

    /// Rows of a plane so wide behind its last two: a kernel reads them, and must not use them.
    static func slackRows(width: Int) -> Int { 4 + slack / width }

    init(front: Picture420, back: Picture420) {
        let chromaRows = front.cb.height + 2
        backRows = chromaRows * 2
        luma = Self.stacked(
            front.luma, back.luma, width: Self.width(of: front.width), rows: backRows)
        cb = Self.stacked(front.cb, back.cb, width: front.cb.width + 1, rows: chromaRows)
        cr = Self.stacked(front.cr, back.cr, width: front.cr.width + 1, rows: chromaRows)
    }

    /// Samples in a row of luma for a picture so wide.
    static func width(of picture: Int) -> Int { (picture + 1) / 2 * 2 + 2 }

    private static func stacked(
        _ front: Plane<UInt8>, _ back: Plane<UInt8>, width: Int, rows: Int
    ) -> Plane<UInt8> {
        let stacked = Plane<UInt8>(
            width: width, height: rows * 2 + slackRows(width: width), filledWith: 0)
        for (first, sheet) in [(0, front), (rows, back)] {
            // A row above the back sheet, for places half a chroma sample above its first row.
            for y in (first > 0 ? -1 : 0)..<rows {
                let from = sheet.row(clamp(y, 0, sheet.height - 1))
                let to = stacked.row(first + y)
                to.update(from: from, count: sheet.width)
                for x in sheet.width..<width { to[x] = from[sheet.width - 1] }
            }
        }
        return stacked
    }
}
