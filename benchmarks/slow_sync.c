/* A disk whose syncs take longer: loaded before the C library, it lets every fsync and fdatasync wait first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_first(void)
{
    const char *milliseconds = getenv("SLOW_SYNC_MS");
    long long ns = milliseconds ? atoll(milliseconds) * 1000000LL : 0;
    struct timespec left = {ns / 1000000000LL, ns % 1000000000LL};
    while (ns > 0 && nanosleep(&left, &left) != 0) {
    }
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_first();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_first();
    return real(fd);
}
