/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The key file (docs/keys.md), read whole and strictly: a key that is passed over for a slip of the
 * pen would leave mail unsigned or notices unproven. No message of this file cites what stands in
 * a line, for it may be a secret in the wrong column.
 */
#include "proof/keys.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 5 };

/* One line of the file that is being read. */
typedef struct key_line {
    const char *path;
    unsigned number;
    backstop_error *error;
    span columns[COLUMNS];
} key_line;

static backstop_status fail_line(const key_line *line, const char *what)
{
    return error_fail(line->error, BACKSTOP_ERROR_KEYS, "%s: line %u: %s", line->path, line->number,
                      what);
}

static void clear_key(void *data)
{
    key *k = data;
    secret_mac_free(k->mac);
    OPENSSL_cleanse(k, sizeof *k);
}

/* Unix time, written in full: 1 to 12 digits. */
static bool read_seconds(span text, int64_t *seconds)
{
    if (text.len == 0 || text.len > 12) {
        return false;
    }
    *seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i])) {
            return false;
        }
        *seconds = *seconds * 10 + (text.ptr[i] - '0');
    }
    return true;
}

static bool read_id(span text, char id[KEY_ID_BYTES_MAX + 1])
{
    if (text.len == 0 || text.len > KEY_ID_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z')) {
            return false;
        }
        id[i] = c;
    }
    id[text.len] = '\0';
    return true;
}

/* How many bytes base64 text stands for. */
static size_t base64_bytes(span text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '=') {
        text.len--;
    }
    return text.len * 3 / 4;
}

static backstop_status read_secret(const key_line *line, span text, key *k)
{
    k->secret_len = base64_bytes(text);
    if (k->secret_len > KEY_SECRET_BYTES_MAX ||
        !secret_read_base64url(text, k->secret, k->secret_len)) {
        return fail_line(line, "the fifth column must be 16 to 64 bytes as base64");
    }
    if (k->secret_len < KEY_SECRET_BYTES_MIN) {
        return fail_line(line, "the secret is shorter than 16 bytes and could be guessed: remove "
                               "the line, and make a key with `backstop key new`");
    }
    k->mac = secret_mac_new(k->secret, k->secret_len);
    if (k->mac == NULL) {
        return error_fail(line->error, BACKSTOP_ERROR_KEYS,
                          "OpenSSL has no HMAC-SHA-256: its configuration is broken");
    }
    return BACKSTOP_OK;
}

static backstop_status read_key(const key_line *line, key *k)
{
    const span *columns = line->columns;
    if (!read_id(columns[0], k->id)) {
        return fail_line(line, "the first column, the key's id, must be 1 to 16 of a-z and 0-9");
    }
    if (!read_seconds(columns[1], &k->created_sec)) {
        return fail_line(line, "the second column, when the key was made, must be Unix time");
    }
    k->has_expiry = !span_equal(columns[2], SPAN("-"));
    if (k->has_expiry && !read_seconds(columns[2], &k->expires_sec)) {
        return fail_line(line, "the third column, when the key expires, must be Unix time or -");
    }
    if (!key_purpose_read(columns[3], &k->purpose, &k->prvs_digit)) {
        return fail_line(line, "the fourth column must be tag, ledger, or prvs0 to prvs9");
    }
    if (k->purpose == KEY_LEDGER && k->has_expiry) {
        return fail_line(line, "a ledger key must not expire, or the ledger forgets all: write - "
                               "as the third column");
    }
    return read_secret(line, columns[4], k);
}

/* Whether the keys read so far allow for one more like `k`. */
static backstop_status check_new(const key_line *line, const backstop_keys *keys, const key *k)
{
    if (keys->all->len == KEYS_MAX) {
        return fail_line(line, "there are more than 1,000 keys: remove expired ones");
    }
    if (k->purpose == KEY_LEDGER && keys_ledger(keys) != NULL) {
        return fail_line(line, "there are two ledger keys: keep the one that the store was made "
                               "with, the older one as a rule, and remove the other line");
    }
    for (unsigned i = 0; i < keys->all->len; i++) {
        if (g_str_equal(keys_at(keys, i)->id, k->id)) {
            return fail_line(line, "a line above has the same id: remove one of them");
        }
    }
    return BACKSTOP_OK;
}

static bool next_column(span *rest, span *column)
{
    size_t start = 0;
    while (start < rest->len && ascii_is_space(rest->ptr[start])) {
        start++;
    }
    *rest = span_skip(*rest, start);
    size_t len = 0;
    while (len < rest->len && !ascii_is_space(rest->ptr[len])) {
        len++;
    }
    *column = span_head(*rest, len);
    *rest = span_skip(*rest, len);
    return len > 0;
}

static backstop_status read_line(key_line *line, span text, backstop_keys *keys)
{
    span extra;
    size_t count = 0;
    while (count < COLUMNS && next_column(&text, &line->columns[count])) {
        count++;
    }
    if (count < COLUMNS || next_column(&text, &extra)) {
        return fail_line(line,
                         "a key has five columns: id, created, expires or -, purpose, base64");
    }
    key k = { .has_expiry = false };
    backstop_status status = read_key(line, &k);
    if (status == BACKSTOP_OK) {
        status = check_new(line, keys, &k);
    }
    if (status == BACKSTOP_OK) {
        g_array_append_val(keys->all, k);
        OPENSSL_cleanse(&k, sizeof k);
    } else {
        clear_key(&k);
    }
    return status;
}

static backstop_status read_version(const key_line *line, span text)
{
    span word;
    span number;
    span extra;
    if (!next_column(&text, &word) || !span_equal(word, SPAN("version")) ||
        !next_column(&text, &number) || next_column(&text, &extra)) {
        return fail_line(line, "this is no key file: its first line must be \"version 1\"; "
                               "make one with `backstop key new`");
    }
    if (!span_equal(number, SPAN("1"))) {
        return fail_line(line, "the file is of a version that this Backstop does not know: a "
                               "newer one must have written it");
    }
    return BACKSTOP_OK;
}

static backstop_status read_lines(key_line *line, span text, backstop_keys *keys)
{
    bool has_version = false;
    span one;
    while (span_next_line(&text, &one)) {
        line->number++;
        one = span_trim(one);
        if (one.len == 0) {
            continue;
        }
        backstop_status status = has_version ? read_line(line, one, keys) : read_version(line, one);
        if (status != BACKSTOP_OK) {
            return status;
        }
        has_version = true;
    }
    line->number = 1;
    return has_version ? BACKSTOP_OK : read_version(line, SPAN(""));
}

backstop_status keys_read(span text, const char *path, backstop_keys **out, backstop_error *error)
{
    *out = NULL;
    backstop_keys *keys = g_new0(backstop_keys, 1);
    /* Room for all from the start: an array that moves leaves secrets behind. */
    keys->all = g_array_sized_new(FALSE, FALSE, sizeof(key), KEYS_MAX);
    g_array_set_clear_func(keys->all, clear_key);
    key_line line = { .path = path, .error = error };
    backstop_status status = read_lines(&line, text, keys);
    if (status != BACKSTOP_OK) {
        backstop_keys_free(keys);
        return status;
    }
    *out = keys;
    return BACKSTOP_OK;
}

/* Nobody but its owner and root can open a file of mode 0600, so who owns it need not be asked. An
 * access list shows in the mode as a right of the group. */
static backstop_status check_file(int fd, const char *path, backstop_error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return error_fail(error, BACKSTOP_ERROR_KEYS, "%s: %s", path, g_strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return error_fail(error, BACKSTOP_ERROR_KEYS, "%s: is no file", path);
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return error_fail(error, BACKSTOP_ERROR_KEYS,
                          "%s: others than its owner can read or write the keys: chmod 600 %s, and "
                          "if somebody may have read them, make new ones with `backstop key new`",
                          path, path);
    }
    if (about.st_size > KEYS_FILE_BYTES_MAX) {
        return error_fail(error, BACKSTOP_ERROR_KEYS,
                          "%s: is larger than 1 MiB: this is no key "
                          "file",
                          path);
    }
    return BACKSTOP_OK;
}

/* Fills `buffer`, at most `room` bytes; the file may have grown since it was looked at. */
static backstop_status read_all(int fd, const char *path, char *buffer, size_t room, size_t *len,
                                backstop_error *error)
{
    *len = 0;
    while (*len < room) {
        ssize_t got = read(fd, buffer + *len, room - *len);
        if (got < 0 && errno != EINTR) {
            return error_fail(error, BACKSTOP_ERROR_KEYS, "%s: %s", path, g_strerror(errno));
        }
        if (got == 0) {
            return BACKSTOP_OK;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    return error_fail(error, BACKSTOP_ERROR_KEYS, "%s: changed while it was read: try again", path);
}

static backstop_status load_file(int fd, const char *path, backstop_keys **out,
                                 backstop_error *error)
{
    backstop_status status = check_file(fd, path, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    size_t room = KEYS_FILE_BYTES_MAX + 1;
    char *buffer = g_malloc(room);
    size_t len;
    status = read_all(fd, path, buffer, room, &len, error);
    if (status == BACKSTOP_OK) {
        status = keys_read((span){ buffer, len }, path, out, error);
    }
    OPENSSL_cleanse(buffer, len);
    g_free(buffer);
    return status;
}

backstop_status backstop_keys_load(const char *path, backstop_keys **out, backstop_error *error)
{
    *out = NULL;
    /* Not to hang on a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        return error_fail(error, BACKSTOP_ERROR_KEYS,
                          "%s: there is no such key file: make one with `backstop key new "
                          "--key-file %s`, or copy that of another host of the site",
                          path, path);
    }
    if (fd < 0 && errno == EACCES) {
        return error_fail(error, BACKSTOP_ERROR_KEYS,
                          "%s: %s: run this as the owner of the key file", path, g_strerror(errno));
    }
    if (fd < 0) {
        return error_fail(error, BACKSTOP_ERROR_KEYS, "%s: %s", path, g_strerror(errno));
    }
    backstop_status status = load_file(fd, path, out, error);
    close(fd);
    return status;
}

void backstop_keys_free(backstop_keys *keys)
{
    if (keys != NULL) {
        g_array_free(keys->all, TRUE);
        g_free(keys);
    }
}

const key *keys_at(const backstop_keys *keys, unsigned index)
{
    return &g_array_index(keys->all, key, index);
}

bool key_is_retired(const key *k, int64_t now_sec)
{
    return k->has_expiry && now_sec >= k->expires_sec;
}

bool key_verifies(const key *k, int64_t now_sec)
{
    return !k->has_expiry || now_sec < k->expires_sec + KEY_VERIFIES_AFTER_SEC;
}

/* Whether `k` rather than `best` signs; both are of one purpose and not expired. */
static bool signs_before(const key *k, const key *best, int64_t now_sec)
{
    bool is_made = k->created_sec <= now_sec;
    bool best_is_made = best->created_sec <= now_sec;
    if (is_made != best_is_made) {
        return is_made;
    }
    return is_made ? k->created_sec >= best->created_sec : k->created_sec < best->created_sec;
}

const key *keys_to_sign(const backstop_keys *keys, key_purpose purpose, int64_t now_sec)
{
    const key *best = NULL;
    for (unsigned i = 0; i < keys->all->len; i++) {
        const key *k = keys_at(keys, i);
        if (k->purpose == purpose && !key_is_retired(k, now_sec) &&
            (best == NULL || signs_before(k, best, now_sec))) {
            best = k;
        }
    }
    return best;
}

const key *keys_to_verify(const backstop_keys *keys, key_purpose purpose, span id, int64_t now_sec,
                          bool *is_retired)
{
    *is_retired = false;
    for (unsigned i = 0; i < keys->all->len; i++) {
        const key *k = keys_at(keys, i);
        if (k->purpose == purpose && span_equal(span_from_string(k->id), id)) {
            *is_retired = key_is_retired(k, now_sec);
            return key_verifies(k, now_sec) ? k : NULL;
        }
    }
    return NULL;
}

const key *keys_ledger(const backstop_keys *keys)
{
    for (unsigned i = 0; i < keys->all->len; i++) {
        if (keys_at(keys, i)->purpose == KEY_LEDGER) {
            return keys_at(keys, i);
        }
    }
    return NULL;
}

void key_purpose_print(const key *k, char out[8])
{
    if (k->purpose == KEY_PRVS) {
        g_snprintf(out, 8, "prvs%u", k->prvs_digit % 10);
    } else {
        g_strlcpy(out, k->purpose == KEY_TAG ? "tag" : "ledger", 8);
    }
}

bool key_purpose_read(span text, key_purpose *purpose, unsigned *prvs_digit)
{
    *prvs_digit = 0;
    if (span_equal(text, SPAN("tag"))) {
        *purpose = KEY_TAG;
        return true;
    }
    if (span_equal(text, SPAN("ledger"))) {
        *purpose = KEY_LEDGER;
        return true;
    }
    *purpose = KEY_PRVS;
    return text.len == 5 && span_starts(text, SPAN("prvs")) &&
           span_read_number(span_skip(text, 4), 1, prvs_digit) == 1;
}

static backstop_key_state state_at(const backstop_keys *keys, const key *k, int64_t now_sec)
{
    if (!key_verifies(k, now_sec)) {
        return BACKSTOP_KEY_EXPIRED;
    }
    if (k->purpose == KEY_LEDGER || keys_to_sign(keys, k->purpose, now_sec) == k) {
        return BACKSTOP_KEY_SIGNS;
    }
    bool waits = k->created_sec > now_sec && !key_is_retired(k, now_sec);
    return waits ? BACKSTOP_KEY_WAITS : BACKSTOP_KEY_VERIFIES;
}

size_t backstop_keys_count(const backstop_keys *keys)
{
    return keys->all->len;
}

void backstop_keys_get(const backstop_keys *keys, size_t index, int64_t now_sec, backstop_key *out)
{
    *out = (backstop_key){ .id = "" };
    if (index >= keys->all->len) {
        return;
    }
    const key *k = keys_at(keys, (unsigned)index);
    out->id = k->id;
    key_purpose_print(k, out->purpose);
    out->created_sec = k->created_sec;
    out->has_expiry = k->has_expiry;
    out->expires_sec = k->expires_sec;
    out->verifies_until_sec = k->has_expiry ? k->expires_sec + KEY_VERIFIES_AFTER_SEC : 0;
    out->state = state_at(keys, k, now_sec);
}
