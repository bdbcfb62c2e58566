#pragma once
// libarchive's writer, of which only the ZIP format is used.
#include <archive.h>
#include <archive_entry.h>
