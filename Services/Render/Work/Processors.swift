internal import Glibc

/// The machine this process runs on.
enum Machine {
    /// Processors that are online; at least 1.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
