internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The stage that waits: for jobs, for the user's word to stop, for the time to be over.
extension SagaRunner {
    private enum Verdict: Sendable {
        /// The operation with every job ended.
        case ended(Operation)
        case stop(Operation.Cancellation)
        case outOfTime
    }

    func watch(_ operation: Operation) async throws -> Operation {
        let verdict = try await withThrowingTaskGroup(of: Verdict?.self) { group in
            group.addTask { .ended(try await self.finished(operation)) }
            group.addTask { .stop(try await self.cancellation(of: operation)) }
            group.addTask {
                let left = self.limit(of: operation) - self.age(of: operation)
                try await self.time.sleep(for: max(.zero, left))
                return .outOfTime
            }
            group.addTask {
                try await self.renewLease(of: operation)
                return nil
            }
            defer { group.cancelAll() }
            while let verdict = try await group.next() {
                if let verdict { return verdict }
            }
            throw CancellationError()
        }
        switch verdict {
        case .ended(let operation):
            return operation
        case .stop(let cancellation):
            return try await halted(operation, cancellation)
        case .outOfTime:
            return try await halted(operation, .none)
        }
    }

    private func cancellation(of operation: Operation) async throws -> Operation.Cancellation {
        let listener = journal.bell.listen(to: Journal.topic(operation: operation.id))
        defer { listener.stop() }
        while true {
            if let stored = try await journal.operation(operation.id),
                stored.cancellation != .none
            {
                return stored.cancellation
            }
            guard await listener.ringing() else { throw CancellationError() }
        }
    }

    /// Stops the jobs; those that were done by then count as done.
    private func halted(
        _ operation: Operation, _ cancellation: Operation.Cancellation
    ) async throws -> Operation {
        guard var operation = try await journal.operation(operation.id) else {
            throw CancellationError()
        }
        for job in try await cancelJobs(of: operation) where job.state == .completed {
            operation = try await noted(job, in: operation)
        }
        operation.cancellation = cancellation
        return try await advanced(operation, by: .stopped)
    }

    @discardableResult
    func cancelJobs(of operation: Operation) async throws(RPCError) -> [MediaAPI.Job] {
        if case .depth = operation.work { return [] }
        do throws(RPCError) {
            return try await peers.media.cancelJobs(
                MediaAPI.GetJobsRequest(clientReferences: references(of: operation)),
                CallOptions(timeout: .seconds(5))
            ).jobs
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
    }

    private func references(of operation: Operation) -> [String] {
        operation.slots.filter { $0.state == .absent }.map {
            operation.jobReference($0.optionID)
        }
    }

    // MARK: Until everything has ended

    private func finished(_ operation: Operation) async throws -> Operation {
        if case .depth(let source) = operation.work {
            return try await estimated(operation, source)
        }
        var operation = operation
        var isFirst = true
        while isWaiting(operation) {
            do {
                // A media service that lost sight of them gets them again, under the same names.
                if !isFirst { try await createJobs(of: operation) }
                isFirst = false
                let stream = try await peers.media.watchJobs(
                    MediaAPI.GetJobsRequest(clientReferences: references(of: operation)),
                    CallOptions(timeout: .seconds(600)))
                defer { stream.cancel() }
                while isWaiting(operation), let job = try await stream.next() {
                    operation = try await noted(job, in: operation)
                }
            } catch let error as RPCError {
                if Task.isCancelled { throw CancellationError() }
                logger.warning("watch_interrupted", "\(error)")
            }
            if isWaiting(operation) {
                try await time.sleep(for: .milliseconds(100) + random.jitter(.milliseconds(400)))
            }
        }
        if operation.stage == .watch {
            operation = try await advanced(operation, by: .watched)
        }
        return operation
    }

    /// A storyboard is over with the first still that failed, whatever becomes of the others.
    private func isWaiting(_ operation: Operation) -> Bool {
        operation.stage == .watch && operation.done < operation.slots.count
    }

    private func estimated(_ operation: Operation, _ source: String) async throws -> Operation {
        do throws(RPCError) {
            let reply = try await peers.media.ensureDepth(
                MediaAPI.EnsureDepthRequest(assetID: source, userID: operation.userID),
                CallOptions(timeout: .seconds(60)))
            let depth = Operation.Delivered(
                assetID: reply.depth?.id ?? "", contentType: reply.depth?.contentType ?? "",
                provider: reply.provider)
            return try await noted(depth, in: operation)
        } catch {
            let isOver = error.domainCode == "DEPTH_ESTIMATION_FAILED"
            guard isOver || !error.isTransient || isDepthOverdue(operation) else { throw error }
            logger.warning("depth_failed", "\(error)")
            return try await failedDepth(operation)
        }
    }

    /// Text serves as well: nobody waits long for depth.
    private func isDepthOverdue(_ operation: Operation) -> Bool {
        age(of: operation) > .seconds(90)
    }

    private func noted(
        _ depth: Operation.Delivered, in operation: Operation
    ) async throws(RPCError) -> Operation {
        do {
            return try await advanced(operation, by: .delivered(depth))
        } catch {
            throw RPCError(.unavailable, "UNAVAILABLE", "The journal could not be written.")
        }
    }

    private func failedDepth(_ operation: Operation) async throws -> Operation {
        let failure = Failure(
            code: "DEPTH_ESTIMATION_FAILED", message: "The depth could not be estimated.",
            isRetryable: true)
        return try await advanced(operation, by: .failed(failure))
    }

    /// Notes what became of a job, once.
    private func noted(_ job: MediaAPI.Job, in operation: Operation) async throws -> Operation {
        let prefix = "\(operation.id)/"
        guard job.clientReference.hasPrefix(prefix) else { return operation }
        let slotID = String(job.clientReference.dropFirst(prefix.count))
        guard let ended = ending(of: job, slotID, operation) else {
            try await noteProgress(job, operation)
            return operation
        }
        guard operation.slots.contains(where: { $0.optionID == slotID && $0.state == .absent })
        else { return operation }
        var operation = operation
        operation.handle(.slotEnded(ended))
        if case .pictures = operation.work {
            try await journal.record(operation, ended: ended)
            return operation
        }
        if case .failed(let failure) = ended.state {
            // The others of a storyboard are worth nothing without it.
            if operation.done < operation.slots.count { try await cancelJobs(of: operation) }
            return try await advanced(operation, by: .failed(failure))
        }
        if operation.done < operation.slots.count {
            try await journal.record(operation)
            try await noteProgress(job, operation)
            return operation
        }
        let asset = job.asset
        return try await advanced(
            operation,
            by: .delivered(
                Operation.Delivered(
                    assetID: asset?.id ?? "", contentType: asset?.contentType ?? "",
                    provider: asset?.provider ?? job.provider)))
    }

    /// Nil while the job is under way.
    private func ending(
        of job: MediaAPI.Job, _ slotID: String, _ operation: Operation
    ) -> Slot? {
        switch job.state {
        case .completed:
            guard let asset = job.asset else {
                return failed(slotID, operation, job.error)
            }
            let recipe = operation.recipes.first { $0.slotID == slotID }
            return Slot(
                optionID: slotID,
                state: .made(
                    MadePicture(
                        id: job.id, assetID: asset.id, prompt: recipe?.prompt ?? "",
                        fragments: recipe?.fragments ?? [], width: asset.width,
                        height: asset.height, provider: asset.provider,
                        generatedAtUs: job.finishedAtUs)))
        case .failed, .cancelled:
            return failed(slotID, operation, job.error)
        case .unspecified, .queued, .processing, .generating, .uploading, .unrecognized:
            return nil
        }
    }

    private func failed(
        _ slotID: String, _ operation: Operation, _ error: MediaAPI.JobError?
    ) -> Slot {
        // A provider's refusal of the content is the user's to know; the rest is one code.
        let isRejected = error?.code == "CONTENT_REJECTED"
        let failure = Failure(
            code: isRejected ? "CONTENT_REJECTED" : operation.work.failureCode,
            message: isRejected
                ? "The provider refused this content." : "The picture could not be made.",
            isRetryable: !isRejected)
        return Slot(optionID: slotID, state: .failed(failure))
    }

    private func noteProgress(_ job: MediaAPI.Job, _ operation: Operation) async throws {
        guard case .generation(let plan) = operation.work,
            let state = operation.slots.count > 1 ? .generating : Generation.State(job.state),
            var generation = try await journal.generation(plan.generationID)
        else { return }
        let before = generation
        // What has ended, and the part of the one that this is about.
        let part = job.state == .completed ? 0 : job.progress
        generation.advance(
            to: state,
            progress: (Double(operation.done) + part) / Double(operation.slots.count),
            position: job.position)
        let isNews =
            generation.state != before.state || generation.progress - before.progress >= 0.05
        if isNews { try await journal.record(generation) }
    }
}

extension Generation.State {
    /// Nil for states that end a job: those are told when the operation has been settled.
    init?(_ state: MediaAPI.JobState) {
        switch state {
        case .queued: self = .queued
        case .processing: self = .processing
        case .generating: self = .generating
        case .uploading: self = .uploading
        case .unspecified, .completed, .failed, .cancelled, .unrecognized: return nil
        }
    }
}
