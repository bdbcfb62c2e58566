// The module Storage; see docs/architecture.md.
