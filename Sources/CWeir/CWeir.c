#if defined(__linux__)
#define _GNU_SOURCE
#include <pthread.h>
#endif
#include <string.h>

#include "CWeir.h"

void weir_name_thread(unsigned long thread, const char *name) {
#if defined(__linux__)
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np((pthread_t)thread, kept);
#else
    (void)thread;
    (void)name;
#endif
}
