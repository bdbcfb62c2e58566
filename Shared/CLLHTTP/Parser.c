// Debian ships llhttp as sources that are there to be compiled in; each needs a unit of its own.
#include <llhttp.c>
