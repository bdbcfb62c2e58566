// The module HTTP; see docs/architecture.md.
