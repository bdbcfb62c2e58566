// The launcher; see README.md in this folder.
