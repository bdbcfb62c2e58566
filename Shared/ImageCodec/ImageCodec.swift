// The module ImageCodec; see docs/architecture.md.
