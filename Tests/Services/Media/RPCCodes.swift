import MediaService
import RPC

/// The codes that callers see.
enum RPCCodes {
    static func domainCode(_ error: MediaError) -> String { RPCError(error).domainCode }
}
