/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mbox_scan.h"

#include "app/mail_stream.h"
#include "app/mailbox.h"
#include "app/safe_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void free_queue(gpointer queue)
{
    g_queue_free(queue);
}

static void keep_found(mbox_scan *scan, const mail_stream_message *message, const char *digest)
{
    mbox_found found = {
        .number = (unsigned)message->index,
        .begin = message->begin,
        .end = message->end,
    };
    memcpy(found.digest, digest, sizeof found.digest);
    GQueue *queue = g_hash_table_lookup(scan->by_digest, digest);
    if (queue == NULL) {
        queue = g_queue_new();
        g_hash_table_insert(scan->by_digest, g_strdup(digest), queue);
    }
    g_queue_push_tail(queue, GUINT_TO_POINTER(scan->found->len));
    g_array_append_val(scan->found, found);
}

/* The lengths in the digests: only what is so long can be one of them. */
static GHashTable *lengths_of(GHashTable *digests)
{
    GHashTable *lengths = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer digest;
    g_hash_table_iter_init(&iter, digests);
    while (g_hash_table_iter_next(&iter, &digest, NULL)) {
        g_hash_table_add(lengths, GSIZE_TO_POINTER(mail_digest_read_body_len(digest)));
    }
    return lengths;
}

static void read_messages(mail_stream *stream, GHashTable *digests, mbox_scan *out)
{
    mail_stream_message message;
    g_autoptr(GHashTable) lengths = lengths_of(digests);
    while (mail_stream_next(stream, &message)) {
        char digest[MAIL_DIGEST_SIZE];
        g_array_append_val(out->begins, message.begin);
        gpointer length = GSIZE_TO_POINTER(mail_digest_body_len(message.bytes));
        if (message.cut || !stream->is_mbox || !g_hash_table_contains(lengths, length)) {
            continue;
        }
        mail_digest(message.bytes, digest);
        if (g_hash_table_contains(digests, digest)) {
            keep_found(out, &message, digest);
        }
    }
}

bool mbox_scan_read(int fd, GHashTable *digests, mbox_scan *out)
{
    struct stat info;
    *out = (mbox_scan){
        .found = g_array_new(FALSE, FALSE, sizeof(mbox_found)),
        .begins = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .by_digest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_queue),
    };
    mail_stream stream = mail_stream_new(MAILBOX_MESSAGE_BYTES);
    bool is_read = fstat(fd, &info) == 0 && lseek(fd, 0, SEEK_SET) == 0;
    if (is_read) {
        out->size = info.st_size;
        mail_stream_open(&stream, fd, info.st_size);
        read_messages(&stream, digests, out);
        is_read = stream.error == 0;
        out->is_mbox = stream.is_mbox || info.st_size == 0;
        out->line_end = stream.line_end == '\r' ? '\r' : '\n';
        errno = stream.error;
    }
    int error = errno;
    mail_stream_free(&stream);
    if (!is_read) {
        mbox_scan_free(out);
    }
    errno = error;
    return is_read;
}

void mbox_scan_free(mbox_scan *scan)
{
    if (scan->found != NULL) {
        g_array_free(scan->found, TRUE);
        g_array_free(scan->begins, TRUE);
        g_hash_table_destroy(scan->by_digest);
    }
    *scan = (mbox_scan){ .found = NULL };
}

const mbox_found *mbox_scan_take(mbox_scan *scan, const char *digest)
{
    GQueue *queue = g_hash_table_lookup(scan->by_digest, digest);
    if (queue == NULL || g_queue_is_empty(queue)) {
        return NULL;
    }
    unsigned index = GPOINTER_TO_UINT(g_queue_pop_head(queue));
    return &g_array_index(scan->found, mbox_found, index);
}

void mbox_scan_leave(mbox_scan *scan, const char *digest, unsigned count)
{
    GQueue *queue = g_hash_table_lookup(scan->by_digest, digest);
    while (queue != NULL && queue->length > count) {
        g_queue_pop_head(queue);
    }
}

int64_t mbox_scan_begin_of(const mbox_scan *scan, unsigned number)
{
    return number < scan->begins->len ? g_array_index(scan->begins, int64_t, number) : scan->size;
}

unsigned mbox_scan_missing_ends(int fd, int64_t at)
{
    char tail[4] = "";
    size_t len = (size_t)MIN(at, (int64_t)sizeof tail);
    if (len == 0 || safe_file_read_at(fd, tail, len, at - (int64_t)len) != (int64_t)len) {
        return 0;
    }
    char last = tail[len - 1];
    if (last != '\n' && last != '\r') {
        return 2;
    }
    size_t before = len - 1;
    if (last == '\n' && before > 0 && tail[before - 1] == '\r') {
        before--;
    }
    return before > 0 && tail[before - 1] == last ? 0 : 1;
}

const char *mbox_scan_line_ends(const mbox_scan *scan, unsigned count)
{
    return (scan->line_end == '\r' ? "\r\r" : "\n\n") + 2 - count;
}
