// The generator; see docs/protocol.md.
