// See Parser.c.
#include <api.c>
#include <http.c>
