// The module RPC; see docs/architecture.md.
