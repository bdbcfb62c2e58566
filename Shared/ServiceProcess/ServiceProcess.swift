// The module ServiceProcess; see docs/architecture.md.
