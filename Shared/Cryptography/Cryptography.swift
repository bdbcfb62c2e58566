// The module Cryptography; see docs/architecture.md.
