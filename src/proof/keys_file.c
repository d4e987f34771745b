/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Changing the key file: `backstop key new` and `retire`. The new file is written and flushed to
 * the disk beside the old one, then renamed over it; whoever reads, or is cut off, finds the one or
 * the other. A lock on the folder keeps two writers apart: one on the file would go with it.
 */
#include "proof/keys.h"

#include "base/error.h"
#include "base/iso_date.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOCK_TRIES = 150, /* three seconds: others hold it for some milliseconds */
    LOCK_PAUSE_USEC = 20000,
    ID_SUFFIX_BYTES = 4,
    /* A line: id, two times, purpose, base64, and what stands between. */
    LINE_BYTES_MAX = KEY_ID_BYTES_MAX + 12 + 12 + 8 + (KEY_SECRET_BYTES_MAX + 2) / 3 * 4 + 8,
};

/* A key file that is being changed. */
typedef struct change {
    char *path;   /* of the file itself, behind all links */
    char *beside; /* of the new one until it is renamed */
    int folder;   /* open and locked; negative before that */
    bool is_new;
    struct stat old; /* unless is_new */
    backstop_keys *keys;
    backstop_error *error;
} change;

static backstop_status fail_write(const change *c, const char *what)
{
    return error_fail(c->error, BACKSTOP_ERROR_KEYS, "%s: %s: %s; nothing is changed", c->path,
                      what, g_strerror(errno));
}

static void change_close(change *c)
{
    if (c->folder >= 0) {
        close(c->folder); /* and the lock is gone */
    }
    backstop_keys_free(c->keys);
    g_free(c->beside);
    g_free(c->path);
}

/* Where the file is or will be: itself, not a link to it. NULL if it is a link to nothing. */
static char *resolve_path(const char *path)
{
    struct stat about;
    char *real = realpath(path, NULL);
    if (real == NULL && errno == ENOENT && lstat(path, &about) == 0) {
        return NULL;
    }
    char *copy = g_strdup(real != NULL ? real : path);
    free(real);
    return copy;
}

static backstop_status lock_folder(change *c)
{
    g_autofree char *name = g_path_get_dirname(c->path);
    c->folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->folder < 0) {
        return error_fail(c->error, BACKSTOP_ERROR_KEYS, "%s: %s%s%s", name, g_strerror(errno),
                          errno == ENOENT ? ": make the folder first, mkdir -p " : "",
                          errno == ENOENT ? name : "");
    }
    for (unsigned i = 0; flock(c->folder, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fail_write(c, "cannot be locked");
        }
        if (i == LOCK_TRIES) {
            return error_fail(c->error, BACKSTOP_ERROR_BUSY,
                              "%s: somebody else is changing the key file: try again", c->path);
        }
        g_usleep(LOCK_PAUSE_USEC);
    }
    return BACKSTOP_OK;
}

/* Locks the file at `path` and reads it. `may_be_missing`: then it starts out empty. If it fails,
 * c->keys is NULL. */
static backstop_status change_open(change *c, const char *path, bool may_be_missing,
                                   backstop_error *error)
{
    *c = (change){ .folder = -1, .error = error };
    c->path = resolve_path(path);
    if (c->path == NULL) {
        return error_fail(error, BACKSTOP_ERROR_KEYS, "%s: is a link to a file that is missing",
                          path);
    }
    c->beside = g_strdup_printf("%s.new", c->path);
    backstop_status status = lock_folder(c);
    if (status != BACKSTOP_OK) {
        return status;
    }
    c->is_new = stat(c->path, &c->old) != 0 && errno == ENOENT;
    if (c->is_new && may_be_missing) {
        return keys_read(SPAN("version 1"), c->path, &c->keys, error);
    }
    return backstop_keys_load(c->path, &c->keys, error);
}

static void append_line(GString *text, const key *k)
{
    char purpose[8];
    char expires[24] = "-";
    unsigned char base64[(KEY_SECRET_BYTES_MAX + 2) / 3 * 4 + 1];
    key_purpose_print(k, purpose);
    if (k->has_expiry) {
        snprintf(expires, sizeof expires, "%" PRId64, k->expires_sec);
    }
    EVP_EncodeBlock(base64, k->secret, (int)k->secret_len);
    g_string_append_printf(text, "%s %" PRId64 " %s %s %s\n", k->id, k->created_sec, expires,
                           purpose, (const char *)base64);
    OPENSSL_cleanse(base64, sizeof base64);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* The owner of the old file keeps it if root changes it. */
static bool keep_owner(const change *c, int fd)
{
    bool is_same = c->is_new || (c->old.st_uid == geteuid() && c->old.st_gid == getegid());
    return is_same || fchown(fd, c->old.st_uid, c->old.st_gid) == 0;
}

static backstop_status write_beside(const change *c, const GString *text)
{
    /* Under the lock nobody else is writing one: it is left over from somebody who was cut off. */
    unlink(c->beside);
    int fd = open(c->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return fail_write(c, "cannot be written");
    }
    bool works = keep_owner(c, fd) && write_all(fd, text->str, text->len) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && works) {
        why = errno;
        works = false;
    }
    errno = why;
    return works ? BACKSTOP_OK : fail_write(c, "cannot be written");
}

static backstop_status change_commit(const change *c)
{
    /* Room for all from the start: a text that moves leaves secrets behind. */
    g_autoptr(GString) text = g_string_sized_new((c->keys->all->len + (gsize)1) * LINE_BYTES_MAX);
    g_string_append(text, "version 1\n");
    for (unsigned i = 0; i < c->keys->all->len; i++) {
        append_line(text, keys_at(c->keys, i));
    }
    backstop_status status = write_beside(c, text);
    OPENSSL_cleanse(text->str, text->len);
    if (status == BACKSTOP_OK && rename(c->beside, c->path) != 0) {
        status = fail_write(c, "cannot be replaced");
    }
    if (status != BACKSTOP_OK) {
        unlink(c->beside);
        return status;
    }
    /* The rename has happened, and all see it; only a power cut could still undo it. */
    fsync(c->folder);
    return BACKSTOP_OK;
}

static const key *find_id(const backstop_keys *keys, span id)
{
    for (unsigned i = 0; i < keys->all->len; i++) {
        if (span_equal(span_from_string(keys_at(keys, i)->id), id)) {
            return keys_at(keys, i);
        }
    }
    return NULL;
}

/* The day, for people, and random letters, for two hosts on one day: "20261123k3xq". */
static bool make_id(const backstop_keys *keys, int64_t now_sec, char id[BACKSTOP_KEY_ID_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char date[ISO_DATE_SIZE];
    iso_date_format(now_sec, date);
    do {
        unsigned char random[ID_SUFFIX_BYTES];
        if (!secret_random(random, sizeof random)) {
            return false;
        }
        /* "2026-11-23T..." without its hyphens. */
        int len = snprintf(id, BACKSTOP_KEY_ID_SIZE, "%.4s%.2s%.2s", date, date + 5, date + 8);
        for (size_t i = 0; i < sizeof random; i++) {
            id[(size_t)len + i] = letters[random[i] % 32];
        }
        id[(size_t)len + sizeof random] = '\0';
    } while (find_id(keys, span_from_string(id)) != NULL);
    return true;
}

static backstop_status add_key(change *c, key_purpose purpose, unsigned prvs_digit, int64_t now_sec,
                               char id[BACKSTOP_KEY_ID_SIZE])
{
    if (c->keys->all->len == KEYS_MAX) {
        return error_fail(c->error, BACKSTOP_ERROR_KEYS,
                          "%s: there are 1,000 keys: remove the lines of expired ones", c->path);
    }
    key k = {
        .created_sec = now_sec,
        .purpose = purpose,
        .prvs_digit = prvs_digit,
        .secret_len = KEY_SECRET_BYTES,
    };
    if (!make_id(c->keys, now_sec, id) || !secret_random(k.secret, k.secret_len)) {
        return error_fail(c->error, BACKSTOP_ERROR_KEYS, "the system has no random bytes to give");
    }
    g_strlcpy(k.id, id, sizeof k.id);
    g_array_append_val(c->keys->all, k);
    OPENSSL_cleanse(&k, sizeof k);
    return BACKSTOP_OK;
}

static backstop_status add_keys(change *c, key_purpose purpose, unsigned prvs_digit,
                                int64_t now_sec, char id[BACKSTOP_KEY_ID_SIZE])
{
    char other[BACKSTOP_KEY_ID_SIZE];
    if (purpose == KEY_LEDGER && keys_ledger(c->keys) != NULL) {
        return error_fail(c->error, BACKSTOP_ERROR_INVALID,
                          "%s: there is a ledger key: a second one would make the ledger forget "
                          "all that it remembers",
                          c->path);
    }
    backstop_status status = BACKSTOP_OK;
    if (c->is_new && purpose != KEY_TAG) {
        status = add_key(c, KEY_TAG, 0, now_sec, other);
    }
    if (status == BACKSTOP_OK) {
        status = add_key(c, purpose, prvs_digit, now_sec, id);
    }
    if (status == BACKSTOP_OK && c->is_new && purpose != KEY_LEDGER) {
        status = add_key(c, KEY_LEDGER, 0, now_sec, other);
    }
    return status;
}

/* Times in the file have at most 12 digits. */
static bool is_time(int64_t sec)
{
    return sec >= 0 && sec <= INT64_C(999999999999);
}

backstop_status backstop_keys_add(const char *path, const char *purpose, int64_t now_sec,
                                  char id[BACKSTOP_KEY_ID_SIZE], backstop_error *error)
{
    key_purpose what;
    unsigned prvs_digit;
    id[0] = '\0';
    if (!key_purpose_read(span_from_string(purpose), &what, &prvs_digit)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "%s: a key is for tag, ledger, or prvs0 to prvs9", purpose);
    }
    if (!is_time(now_sec)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "the clock is before 1970");
    }
    change c;
    backstop_status status = change_open(&c, path, true, error);
    if (c.keys != NULL) {
        status = add_keys(&c, what, prvs_digit, now_sec, id);
        if (status == BACKSTOP_OK) {
            status = change_commit(&c);
        }
    }
    if (status != BACKSTOP_OK) {
        id[0] = '\0';
    }
    change_close(&c);
    return status;
}

static backstop_status retire_key(change *c, const char *id, int64_t now_sec)
{
    const key *found = find_id(c->keys, span_from_string(id));
    if (found == NULL) {
        return error_fail(c->error, BACKSTOP_ERROR_INVALID,
                          "%s: there is no key %s: see `backstop key list`", c->path, id);
    }
    if (found->purpose == KEY_LEDGER) {
        return error_fail(c->error, BACKSTOP_ERROR_INVALID,
                          "%s: %s is the ledger's key: without it the ledger forgets all that it "
                          "remembers",
                          c->path, id);
    }
    if (key_is_retired(found, now_sec)) {
        return error_fail(c->error, BACKSTOP_ERROR_INVALID, "%s: %s is retired already", c->path,
                          id);
    }
    key *k = &g_array_index(c->keys->all, key, found - keys_at(c->keys, 0));
    k->has_expiry = true;
    k->expires_sec = now_sec;
    if (keys_to_sign(c->keys, k->purpose, now_sec) == NULL) {
        char purpose[8];
        key_purpose_print(k, purpose);
        return error_fail(c->error, BACKSTOP_ERROR_INVALID,
                          "%s: no other key would sign: make one first with `backstop key new %s`",
                          c->path, purpose);
    }
    return BACKSTOP_OK;
}

backstop_status backstop_keys_retire(const char *path, const char *id, int64_t now_sec,
                                     backstop_error *error)
{
    if (!is_time(now_sec)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "the clock is before 1970");
    }
    change c;
    backstop_status status = change_open(&c, path, false, error);
    if (c.keys != NULL) {
        status = retire_key(&c, id, now_sec);
        if (status == BACKSTOP_OK) {
            status = change_commit(&c);
        }
    }
    change_close(&c);
    return status;
}

backstop_status backstop_keys_new_ephemeral(backstop_keys **out, backstop_error *error)
{
    unsigned char secret[KEY_SECRET_BYTES];
    unsigned char base64[(KEY_SECRET_BYTES + 2) / 3 * 4 + 1];
    char text[LINE_BYTES_MAX + sizeof "version 1\n"];
    *out = NULL;
    if (!secret_random(secret, sizeof secret)) {
        return error_fail(error, BACKSTOP_ERROR_KEYS, "the system has no random bytes to give");
    }
    EVP_EncodeBlock(base64, secret, sizeof secret);
    snprintf(text, sizeof text, "version 1\nephemeral 0 - ledger %s\n", (const char *)base64);
    backstop_status status = keys_read(span_from_string(text), "a key in memory", out, error);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(base64, sizeof base64);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}
