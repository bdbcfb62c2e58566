// The module Wire; see docs/architecture.md.
