internal import ServiceRuntime

/// Removes what nobody refers to any more, and finds what is wrong on disk.
package struct Collector: Sendable {
    let library: AssetLibrary
    /// How long an asset stays after the last reference to it has gone.
    let keepFor: Duration

    /// Groups that one round looks at.
    private static let batch = 100

    package init(library: AssetLibrary, keepFor: Duration) {
        self.library = library
        self.keepFor = keepFor
    }

    /// Removes every group that has been left alone for long enough.
    /// - Returns: How many groups went.
    @discardableResult
    nonisolated(nonsending) package func collect() async throws -> Int {
        let store = library.store
        let cutoff = (library.time.now - keepFor).microseconds
        var removed = 0
        while true {
            let groups = try await store.collectable(
                unreferencedSince: cutoff, limit: Self.batch)
            var progress = 0
            for (group, digests) in groups {
                let isRemoved = try await library.blobs.exclusively(digests) {
                    let orphans = try await store.removeGroup(
                        group, unreferencedSince: cutoff, digests: digests)
                    // The rows are gone for good before any file is: what a crash leaves behind is
                    // a file that no row names, and the next start removes it.
                    for digest in orphans ?? [] { try await library.blobs.remove(digest) }
                    return orphans != nil
                }
                if isRemoved { progress += 1 }
            }
            removed += progress
            guard groups.count == Self.batch, progress > 0 else { return removed }
        }
    }

    /// Removes files that no row names: left by a process that ended between file and row.
    nonisolated(nonsending) package func removeOrphans() async throws -> Int {
        var removed = 0
        for digest in try await library.blobs.list().digests {
            guard try await !library.store.hasDigest(digest) else { continue }
            removed += try await library.blobs.exclusively([digest]) {
                guard try await !library.store.hasDigest(digest) else { return 0 }
                try await library.blobs.remove(digest)
                return 1
            }
        }
        return removed
    }

    package struct Report: Sendable {
        package var assets: UInt64 = 0
        /// The first faults found, a line each.
        package var violations: [String] = []
    }

    private static let violationsMax = 100

    /// Reads every file that a row names and compares size and digest; each file once.
    nonisolated(nonsending) package func verify() async throws -> Report {
        var report = Report()
        var checked: Set<[UInt8]> = []
        var last = ""
        while true {
            let page = try await library.store.assets(after: last, limit: 500)
            guard let end = page.last else { break }
            last = end.id
            for asset in page {
                try Task.checkCancellation()
                report.assets += 1
                guard checked.insert(asset.blob.digest).inserted,
                    let fault = try await library.blobs.violation(of: asset.blob),
                    try await library.store.asset(asset.id) != nil
                else { continue }
                report.add("\(asset.id): \(fault)", max: Self.violationsMax)
            }
        }
        let disk = try await library.blobs.list()
        for stranger in disk.strangers {
            report.add("\(stranger): no asset has this name", max: Self.violationsMax)
        }
        let abandoned = try await library.blobs.abandonedCount(now: library.time.now)
        if abandoned > 0 {
            report.add(
                "\(abandoned) temporary files are older than an hour", max: Self.violationsMax)
        }
        return report
    }
}

extension Collector.Report {
    fileprivate mutating func add(_ violation: String, max: Int) {
        if violations.count < max { violations.append(violation) }
    }
}
