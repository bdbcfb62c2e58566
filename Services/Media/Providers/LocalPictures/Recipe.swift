// What is drawn; see docs/pictures.md.
