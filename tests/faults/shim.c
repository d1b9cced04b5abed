/* A library to preload: lets chosen calls that change a disk fail, or the process die in them.

   It does nothing until `shim_arm` is called, which a forked child does for itself. From then on it counts the calls
   below on files under one folder, and tells on a board in shared memory, which outlives the process, how many there
   were and which was the last. The call of a given number fails, alone or with all that follow; or the process is
   killed before it, after half of its bytes, or after it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { WRITE = 1, SYNC = 2, CUT = 4, RENAME = 8, MAKE = 16, DROP = 32 };
enum how { COUNT, FAIL_ONCE, FAIL_FROM, DIE_BEFORE, DIE_HALFWAY, DIE_AFTER };
enum verdict { ORDINARY, FAILS, HALF, LAST };

struct board {
    long calls;     /* how many calls were counted */
    long failed;    /* how many of them were made to fail */
    long inside;    /* whether the last one has not returned */
    char last[512]; /* its name and path */
    char first_failed[512];
};

static struct board *board;
static char folder[512];
static long target;
static int kinds, how, fault;

int shim_arm(const char *under, const char *board_path, int which, int manner, long number, int error) {
    int descriptor = open(board_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0 || strlen(under) >= sizeof folder || ftruncate(descriptor, sizeof *board) != 0)
        return -1;
    void *memory = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (memory == MAP_FAILED)
        return -1;
    strcpy(folder, under);
    kinds = which;
    how = manner;
    target = number;
    fault = error;
    board = memory;
    return 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static enum verdict judge_path(enum kind kind, const char *name, const char *path) {
    size_t length = strlen(folder);
    if (!board || !(kinds & kind) || strncmp(path, folder, length) != 0 || path[length] != '/')
        return ORDINARY;
    long number = __sync_add_and_fetch(&board->calls, 1);
    snprintf(board->last, sizeof board->last, "%s %.400s", name, path + length + 1);
    board->inside = 1;
    if (how == FAIL_FROM ? number >= target : how != COUNT && number == target) {
        if (how == DIE_BEFORE)
            die();
        if (how == DIE_HALFWAY)
            return HALF;
        if (how == DIE_AFTER)
            return LAST;
        if (!board->failed++)
            memcpy(board->first_failed, board->last, sizeof board->last);
        board->inside = 0;
        /* A disk that becomes full takes the beginning of the write that does not fit. */
        if (how == FAIL_FROM && fault == ENOSPC && board->failed == 1 && kind == WRITE)
            return HALF;
        errno = fault;
        return FAILS;
    }
    return ORDINARY;
}

static enum verdict judge(enum kind kind, const char *name, int descriptor) {
    char link[64], path[1024];
    if (!board || !(kinds & kind))
        return ORDINARY;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return ORDINARY;
    path[length] = 0;
    return judge_path(kind, name, path);
}

static void done(enum verdict verdict) {
    if (!board)
        return;
    if (verdict == LAST || (verdict == HALF && how == DIE_HALFWAY))
        die();
    int kept = errno;
    board->inside = 0;
    errno = kept;
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

#define BYTES(verdict, size) ((verdict) == HALF ? (size) / 2 : (size))
#define THROUGH(verdict, call)                                                                                         \
    do {                                                                                                               \
        if ((verdict) == FAILS)                                                                                        \
            return -1;                                                                                                 \
        __typeof__(call) result = (call);                                                                              \
        done(verdict);                                                                                                 \
        return result;                                                                                                 \
    } while (0)

ssize_t write(int descriptor, const void *bytes, size_t size) {
    static ssize_t (*original)(int, const void *, size_t);
    if (!original)
        original = real("write");
    enum verdict verdict = judge(WRITE, "write", descriptor);
    THROUGH(verdict, original(descriptor, bytes, BYTES(verdict, size)));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    static ssize_t (*original)(int, const void *, size_t, off_t);
    if (!original)
        original = real("pwrite");
    enum verdict verdict = judge(WRITE, "write", descriptor);
    THROUGH(verdict, original(descriptor, bytes, BYTES(verdict, size), offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    static ssize_t (*original)(int, const void *, size_t, off64_t);
    if (!original)
        original = real("pwrite64");
    enum verdict verdict = judge(WRITE, "write", descriptor);
    THROUGH(verdict, original(descriptor, bytes, BYTES(verdict, size), offset));
}

int fsync(int descriptor) {
    static int (*original)(int);
    if (!original)
        original = real("fsync");
    enum verdict verdict = judge(SYNC, "sync", descriptor);
    THROUGH(verdict, original(descriptor));
}

int fdatasync(int descriptor) {
    static int (*original)(int);
    if (!original)
        original = real("fdatasync");
    enum verdict verdict = judge(SYNC, "sync", descriptor);
    THROUGH(verdict, original(descriptor));
}

int ftruncate(int descriptor, off_t size) {
    static int (*original)(int, off_t);
    if (!original)
        original = real("ftruncate");
    enum verdict verdict = judge(CUT, "cut", descriptor);
    THROUGH(verdict, original(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
    static int (*original)(int, off64_t);
    if (!original)
        original = real("ftruncate64");
    enum verdict verdict = judge(CUT, "cut", descriptor);
    THROUGH(verdict, original(descriptor, size));
}

int rename(const char *from, const char *to) {
    static int (*original)(const char *, const char *);
    if (!original)
        original = real("rename");
    enum verdict verdict = judge_path(RENAME, "rename", to);
    THROUGH(verdict, original(from, to));
}

int unlink(const char *path) {
    static int (*original)(const char *);
    struct stat found;
    if (!original)
        original = real("unlink");
    enum verdict verdict = board && lstat(path, &found) == 0 ? judge_path(DROP, "unlink", path) : ORDINARY;
    THROUGH(verdict, original(path));
}

/* Only an opening that makes a file is counted. */
static enum verdict judge_opening(const char *path, int flags) {
    struct stat found;
    if (!board || !(flags & O_CREAT) || lstat(path, &found) == 0)
        return ORDINARY;
    return judge_path(MAKE, "make", path);
}

#define MODE_OF(flags)                                                                                                 \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open(const char *path, int flags, ...) {
    static int (*original)(const char *, int, ...);
    MODE_OF(flags)
    if (!original)
        original = real("open");
    enum verdict verdict = judge_opening(path, flags);
    THROUGH(verdict, original(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
    static int (*original)(const char *, int, ...);
    MODE_OF(flags)
    if (!original)
        original = real("open64");
    enum verdict verdict = judge_opening(path, flags);
    THROUGH(verdict, original(path, flags, mode));
}
