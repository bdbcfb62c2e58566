// The module ServiceRuntime; see docs/architecture.md.
