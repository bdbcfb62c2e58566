// The module ServiceAPI; see docs/architecture.md.
