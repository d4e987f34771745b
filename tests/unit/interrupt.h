/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Stands between a program and the calls that change files: the Nth of them ends the process with
 * SIGKILL, in the middle where that is possible (half of a write), or fails. Included by one file
 * of a test program, or made a library for LD_PRELOAD (tests/cli/interrupt.c), which then reads
 *
 *   INTERRUPT_AT   which call, from 1
 *   INTERRUPT_HOW  "kill", "fail" (with ENOSPC, this call alone) or "full" (so do all after it that
 *                  need room)
 */
#ifndef BACKSTOP_TESTS_INTERRUPT_H
#define BACKSTOP_TESTS_INTERRUPT_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum interrupt_how { INTERRUPT_KILL, INTERRUPT_FAIL, INTERRUPT_FULL } interrupt_how;

static long interrupt_at;
static long interrupt_count;
static interrupt_how interrupt_mode;

__attribute__((constructor)) static void interrupt_read_environment(void)
{
    const char *at = getenv("INTERRUPT_AT");
    const char *how = getenv("INTERRUPT_HOW");
    interrupt_at = at == NULL ? 0 : strtol(at, NULL, 10);
    if (how != NULL && strcmp(how, "fail") == 0) {
        interrupt_mode = INTERRUPT_FAIL;
    } else if (how != NULL && strcmp(how, "full") == 0) {
        interrupt_mode = INTERRUPT_FULL;
    }
}

/* Whether this call is to fail; ends the process if it is to be killed here. */
static inline bool interrupt_here(bool needs_room)
{
    interrupt_count++;
    bool is_now = interrupt_count == interrupt_at;
    if (interrupt_mode == INTERRUPT_FULL && needs_room && interrupt_at > 0) {
        is_now = interrupt_count >= interrupt_at;
    }
    if (!is_now) {
        return false;
    }
    if (interrupt_mode == INTERRUPT_KILL) {
        kill(getpid(), SIGKILL);
    }
    errno = ENOSPC;
    return true;
}

/* The C library's own function of that name. */
#define INTERRUPT_REAL(name) (__extension__(__typeof__(&(name))) interrupt_find(#name))

static inline void *interrupt_find(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    return found == NULL ? (abort(), NULL) : found;
}

/* Whether a write is to be killed when its first half is written. */
static inline bool interrupt_halves(size_t len)
{
    return interrupt_count + 1 == interrupt_at && interrupt_mode == INTERRUPT_KILL && len > 1;
}

#define INTERRUPT_CALL(needs_room, name, ...)                                                      \
    return interrupt_here(needs_room) ? -1 : INTERRUPT_REAL(name)(__VA_ARGS__)

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (fd <= STDERR_FILENO) {
        return INTERRUPT_REAL(write)(fd, bytes, len);
    }
    if (interrupt_halves(len) && INTERRUPT_REAL(write)(fd, bytes, len / 2) < 0) {
        return -1;
    }
    INTERRUPT_CALL(true, write, fd, bytes, len);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    if (interrupt_halves(len) && INTERRUPT_REAL(pwrite64)(fd, bytes, len / 2, at) < 0) {
        return -1;
    }
    INTERRUPT_CALL(true, pwrite64, fd, bytes, len, at);
}

int ftruncate64(int fd, off64_t len)
{
    INTERRUPT_CALL(false, ftruncate64, fd, len);
}

/* Returns its error, and leaves errno alone. */
int posix_fallocate64(int fd, off64_t at, off64_t len)
{
    return interrupt_here(true) ? ENOSPC : INTERRUPT_REAL(posix_fallocate64)(fd, at, len);
}

int fsync(int fd)
{
    INTERRUPT_CALL(false, fsync, fd);
}

int rename(const char *from, const char *to)
{
    INTERRUPT_CALL(false, rename, from, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (getenv("INTERRUPT_NO_RENAMEAT2") != NULL) {
        errno = EINVAL;
        return -1;
    }
    INTERRUPT_CALL(false, renameat2, from_fd, from, to_fd, to, flags);
}

int link(const char *from, const char *to)
{
    INTERRUPT_CALL(true, link, from, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    INTERRUPT_CALL(true, linkat, from_fd, from, to_fd, to, flags);
}

int unlink(const char *path)
{
    INTERRUPT_CALL(false, unlink, path);
}

int unlinkat(int fd, const char *path, int flags)
{
    INTERRUPT_CALL(false, unlinkat, fd, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
    INTERRUPT_CALL(true, mkdir, path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    INTERRUPT_CALL(true, mkdirat, fd, path, mode);
}

#endif
