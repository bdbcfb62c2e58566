/// A row of the table of jobs.
package struct JobRecord: Hashable, Sendable {
    package var id: String
    /// The caller's name for the job, unique for ever.
    package var clientReference: String
    /// SHA-256 over kind and recipe.
    package var fingerprint: [UInt8]
    package var userID: String
    /// What the job belongs to; opaque here.
    package var owner: String
    /// The packed recipe message of the job's kind.
    package var recipe: [UInt8]
    package var sourceAssetID: String?
    package var createdAt: Int64
    package var machine: JobMachine
    package var provider = ""
    package var providerReference: String?
    package var assetID: String?

    package var kind: JobKind { machine.kind }

    package init(
        id: String, clientReference: String, fingerprint: [UInt8], userID: String, owner: String,
        recipe: [UInt8], sourceAssetID: String? = nil, createdAt: Int64, machine: JobMachine
    ) {
        self.id = id
        self.clientReference = clientReference
        self.fingerprint = fingerprint
        self.userID = userID
        self.owner = owner
        self.recipe = recipe
        self.sourceAssetID = sourceAssetID
        self.createdAt = createdAt
        self.machine = machine
    }
}

/// How many jobs stand where.
package struct JobCounts: Hashable, Sendable {
    package var queued: UInt64 = 0
    package var running: UInt64 = 0
    package var dead: UInt64 = 0
    /// When the job that has waited longest was due; 0 when none waits.
    package var oldestDue: Int64 = 0

    package init(
        queued: UInt64 = 0, running: UInt64 = 0, dead: UInt64 = 0, oldestDue: Int64 = 0
    ) {
        self.queued = queued
        self.running = running
        self.dead = dead
        self.oldestDue = oldestDue
    }
}

/// How much may be under way.
package struct JobLimits: Hashable, Sendable {
    /// Jobs that wait, of all users.
    package var queuedMax = 10_000
    /// Jobs that wait, of one user.
    package var userQueuedMax = 20
    /// Jobs of one kind that run at the same time for one user.
    package var userRunningMax = 2

    package init() {}
}
