package import ServiceRuntime
package import Storage

/// Everything this service does, apart from how it is called.
package final class MediaService: Sendable {
    let configuration: MediaConfiguration
    package let library: AssetLibrary
    let providers: Providers
    let feed = JobFeed()
    let runner: JobRunner
    package let derivations: Derivations
    package let uploads: Uploads
    package let collector: Collector
    let time: any TimeSource
    let random: RandomSource
    let logger: Logger
    private let metrics: MediaMetrics
    private let drained = Lock(false)

    /// What the service works with; tests put their own in place of the system's.
    package struct Parts: Sendable {
        package var time: any TimeSource = SystemTime()
        package var random = RandomSource.system
        package var logger = Logger.silent
        package var metrics = Metrics()
        package var faults = MediaFaults.none
        package var storage = DatabaseOptions()
        package var mutant: Mutant?
        /// Where files are read and written and results are checked.
        package var threads: WorkerPool
        /// Where uploads are decoded.
        package var decoding: WorkerPool

        package init(threads: WorkerPool, decoding: WorkerPool) {
            self.threads = threads
            self.decoding = decoding
        }
    }

    /// Opens the store and the blobs, removes what an interrupted process left, and puts its jobs
    /// back into the queue. Nothing runs before ``run()``.
    package init(
        _ configuration: MediaConfiguration, providers: Providers, parts: Parts
    ) async throws {
        self.configuration = configuration
        self.providers = providers
        time = SteadyTime(parts.time)
        random = parts.random
        logger = parts.logger
        metrics = MediaMetrics(parts.metrics)
        var rules = configuration.rules
        rules.isFenceless = parts.mutant == .ignoresEpoch
        rules.retriesUnknownVideos = parts.mutant == .retriesUnknownSubmit
        var storage = parts.storage
        storage.mutant = parts.mutant
        let store = try await MediaStore.open(
            configuration.store, time: time, rules: rules, options: storage)
        do {
            let blobs = try BlobStore(
                path: try configuration.blobsPath(), limit: configuration.space, random: random,
                threads: parts.threads, faults: parts.faults)
            library = AssetLibrary(
                store: store, blobs: blobs, time: time, random: random, threads: parts.threads,
                faults: parts.faults, mutant: parts.mutant)
            derivations = Derivations(
                library: library, providers: providers, timeout: configuration.renderTimeout)
            uploads = Uploads(
                library: library, limits: configuration.uploads, threads: parts.decoding)
            collector = Collector(library: library, keepFor: configuration.keepUnreferenced)
            var settings = JobRunner.Settings()
            settings.limits = configuration.limits
            settings.imageTimeout = configuration.imageTimeout
            settings.videoTimeout = configuration.videoTimeout
            settings.heartbeat = configuration.heartbeat
            runner = JobRunner(
                library: library, providers: providers, feed: feed, settings: settings,
                logger: logger, metrics: metrics)
            let recovered = try await runner.recover()
            let orphans = try await collector.removeOrphans()
            logger.info(
                "media.recovered", "",
                ["jobs": LogValue(recovered), "files": LogValue(orphans)])
        } catch {
            store.close()
            throw error
        }
    }

    /// Works on jobs and collects assets until ``drain()``, or until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.collectForEver() }
            await runner.run()
            group.cancelAll()
        }
    }

    private func collectForEver() async {
        while true {
            do {
                try await time.sleep(for: configuration.collectEvery)
                let removed = try await collector.collect()
                metrics.collected.increment(by: UInt64(removed))
                try await library.store.forgetIdleLanes()
                if removed > 0 {
                    logger.info("media.collected", "", ["assets": LogValue(removed)])
                }
            } catch is CancellationError {
                return
            } catch {
                logger.error("media.collect_failed", "\(error)")
            }
        }
    }

    /// Claims nothing more and ends watches; what is being stored is finished.
    package func drain() {
        drained.withLock { $0 = true }
        runner.drain()
        feed.close()
    }

    package var isDraining: Bool { drained.withLock { $0 } }

    /// Closes the store. After ``run()`` has returned.
    package func stop() {
        library.store.close()
        library.blobs.close()
    }

    // MARK: Readiness

    /// What keeps this service from working; empty when nothing does.
    package func faults() async -> [(name: String, detail: String)] {
        var faults: [(name: String, detail: String)] = []
        do {
            _ = try await library.store.counts()
        } catch {
            faults.append(("store", "The store does not answer."))
        }
        do throws(BlobError) {
            try library.blobs.checkSpace()
        } catch {
            faults.append(
                ("disk", error == .full ? "Too little space is left." : "The disk fails."))
        }
        if isDraining { faults.append(("jobs", "Shutting down.")) }
        return faults
    }
}
