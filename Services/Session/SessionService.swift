// The service; see README.md in this folder.
