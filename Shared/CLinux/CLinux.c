#include "CLinux.h"

__thread void *linux_current_loop = NULL;
