#pragma once
#include <protobuf-c/protobuf-c.h>

// Where protobuf-c points the texts that are absent. Swift cannot import an array of unknown size.
static inline const char *protobuf_c_absent_text(void) { return protobuf_c_empty_string; }
