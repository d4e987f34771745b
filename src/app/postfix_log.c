/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/postfix_log.h"

#include "app/postfix_line.h"
#include "app/syslog_line.h"

#include <glib.h>
#include <string.h>

enum {
    /* Mails that are in the queue at once. With more, or with more bytes, the ones that were not
     * heard of for longest are handed on as they are. */
    MAILS_MAX = 200000,
    BYTES_MAX = 64 * 1024 * 1024,
    /* Recipients of one mail that are gathered before they are handed on. */
    RECIPIENTS_MAX = 1000,
    /* Message-IDs from outside that are remembered: so many, and up to as many older ones. A
     * content filter hands a mail in again within seconds or minutes. */
    OUTSIDE_MAX = 100000,
    /* Longer addresses and Message-IDs are nobody's (RFC 5321, 4.5.3.1, RFC 5322, 2.1.1). */
    VALUE_BYTES_MAX = 1000,
    IP_BYTES_MAX = 63,
};

typedef enum origin {
    ORIGIN_HOST,      /* made on the host itself, or not known: the log begins behind it */
    ORIGIN_PERMITTED, /* logged in, or from an internal network */
    ORIGIN_CLIENT,    /* any other */
} origin;

/* One mail in the queue. */
typedef struct mail {
    char *key;              /* host, instance and queue id */
    char *message_id;       /* NULL: not known yet */
    char *sender;           /* likewise; empty for a notice */
    GHashTable *recipients; /* of char *, a set: those that count. NULL: none */
    origin from;
    bool is_returning; /* it was seen to come from outside, and the host hands it in once more */
    bool had_recipients;
    bool was_handed_on; /* with other recipients */
    int64_t unix_sec;   /* of its first line */
    size_t bytes, recipient_bytes;
    GList link; /* in log->by_age */
} mail;

struct postfix_log {
    postfix_log_site ours;
    postfix_log_handler handler;
    postfix_log_counts counts;
    syslog_clock clock;
    GHashTable *mails;                   /* by key */
    GQueue by_age;                       /* of mail; the one heard of last at the tail */
    size_t bytes;                        /* of all */
    GHashTable *outside, *outside_older; /* sets of uint64_t *: hashes of Message-IDs */
    GString *key;                        /* scratch */
    GPtrArray *list;                     /* scratch */
};

static GHashTable *hash_set_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

postfix_log *postfix_log_new(const postfix_log_site *site, const postfix_log_handler *handler)
{
    postfix_log *log = g_new0(postfix_log, 1);
    log->ours = *site;
    log->handler = *handler;
    log->clock = syslog_clock_new(0);
    log->mails = g_hash_table_new(g_str_hash, g_str_equal);
    log->outside = hash_set_new();
    log->outside_older = hash_set_new();
    log->key = g_string_new(NULL);
    log->list = g_ptr_array_new();
    return log;
}

static void forget_mail(postfix_log *log, mail *m)
{
    g_hash_table_remove(log->mails, m->key);
    g_queue_unlink(&log->by_age, &m->link);
    log->bytes -= m->bytes;
    g_clear_pointer(&m->recipients, g_hash_table_unref);
    g_free(m->message_id);
    g_free(m->sender);
    g_free(m->key);
    g_free(m);
}

void postfix_log_free(postfix_log *log)
{
    if (log == NULL) {
        return;
    }
    while (log->by_age.head != NULL) {
        forget_mail(log, log->by_age.head->data);
    }
    g_hash_table_unref(log->mails);
    g_hash_table_unref(log->outside);
    g_hash_table_unref(log->outside_older);
    g_string_free(log->key, TRUE);
    g_ptr_array_free(log->list, TRUE);
    g_free(log);
}

/* FNV-1a, of 64 bits: nobody gains by two Message-IDs that share one. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void remember_outside(postfix_log *log, const char *message_id)
{
    uint64_t hash = hash_of(message_id);
    if (g_hash_table_size(log->outside) >= OUTSIDE_MAX) {
        g_hash_table_unref(log->outside_older);
        log->outside_older = log->outside;
        log->outside = hash_set_new();
    }
    g_hash_table_add(log->outside, g_memdup2(&hash, sizeof hash));
}

static bool was_outside(const postfix_log *log, const char *message_id)
{
    uint64_t hash = hash_of(message_id);
    return g_hash_table_contains(log->outside, &hash) ||
           g_hash_table_contains(log->outside_older, &hash);
}

/* Hands on what is known of the mail by now, without its end. */
static void hand_on(postfix_log *log, mail *m)
{
    backstop_sent sent = {
        .message_id = m->message_id,
        .sender = m->sender,
        .sent_sec = m->unix_sec,
    };
    g_ptr_array_set_size(log->list, 0);
    if (m->recipients != NULL) {
        GHashTableIter each;
        gpointer recipient;
        g_hash_table_iter_init(&each, m->recipients);
        while (g_hash_table_iter_next(&each, &recipient, NULL)) {
            g_ptr_array_add(log->list, recipient);
        }
    }
    sent.recipients = (const char *const *)log->list->pdata;
    sent.recipient_count = log->list->len;
    log->handler.mail(&sent, log->handler.context);
    m->was_handed_on = true;
}

/* No more will be heard of the mail. */
static void end_mail(postfix_log *log, mail *m)
{
    bool is_known = m->recipients != NULL || (m->from != ORIGIN_CLIENT && !m->is_returning);
    if (m->sender == NULL) {
        log->counts.no_sender += m->message_id != NULL || m->had_recipients;
    } else if (m->sender[0] == '\0') {
        log->counts.null_sender++;
    } else if (is_known && (m->recipients != NULL || !m->was_handed_on)) {
        hand_on(log, m);
    } else if (!m->was_handed_on) {
        log->counts.from_outside++;
    }
    forget_mail(log, m);
}

/* Keeps memory bounded. */
static void end_forgotten(postfix_log *log)
{
    while (log->by_age.length > MAILS_MAX || log->bytes > BYTES_MAX) {
        end_mail(log, log->by_age.head->data);
    }
}

static mail *add_mail(postfix_log *log, const char *key, int64_t unix_sec)
{
    mail *m = g_new0(mail, 1);
    m->key = g_strdup(key);
    m->unix_sec = unix_sec;
    m->link.data = m;
    m->bytes = sizeof *m + strlen(key);
    log->bytes += m->bytes;
    g_hash_table_insert(log->mails, m->key, m);
    g_queue_push_tail_link(&log->by_age, &m->link);
    return m;
}

/* A new string for the mail. */
static char *keep(postfix_log *log, mail *m, span text)
{
    m->bytes += text.len + 1;
    log->bytes += text.len + 1;
    return g_strndup(text.ptr, text.len);
}

/* Queue ids are used again. If the end of the mail before was not in the log, it is now. */
static mail *begin_again(postfix_log *log, mail *m, int64_t unix_sec)
{
    end_mail(log, m);
    return add_mail(log, log->key->str, unix_sec);
}

static bool is_loopback(const char *ip)
{
    return g_str_has_prefix(ip, "127.") || g_str_equal(ip, "::1");
}

/* NUL-terminated; empty for what is no IP address by its length. */
static void copy_ip(span ip, char out[IP_BYTES_MAX + 1])
{
    size_t len = 0;
    while (ip.len <= IP_BYTES_MAX && len < ip.len) {
        out[len] = ip.ptr[len];
        len++;
    }
    out[len] = '\0';
}

static origin origin_of(const postfix_log *log, const postfix_event *e)
{
    char ip[IP_BYTES_MAX + 1];
    copy_ip(e->ip, ip);
    if (e->kind == POSTFIX_PICKUP) {
        return ORIGIN_HOST;
    }
    if (e->is_logged_in || backstop_site_is_internal(log->ours.site, ip)) {
        return ORIGIN_PERMITTED;
    }
    return is_loopback(ip) ? ORIGIN_HOST : ORIGIN_CLIENT;
}

static void take_message_id(postfix_log *log, mail *m, span id)
{
    m->message_id = keep(log, m, id);
    if (id.len == 0 || span_equal(id, SPAN("<>"))) {
        return;
    }
    if (m->from == ORIGIN_CLIENT) {
        remember_outside(log, m->message_id);
    } else if (m->from == ORIGIN_HOST) {
        m->is_returning = was_outside(log, m->message_id);
    }
}

/* Whether this mail to this recipient is ours: see postfix_log.h. */
static bool counts(const postfix_log *log, const mail *m, const postfix_event *e)
{
    if (m->from != ORIGIN_CLIENT) {
        return !m->is_returning;
    }
    char ip[IP_BYTES_MAX + 1];
    copy_ip(e->ip, ip);
    if (log->ours.has_internal_networks || !e->is_smtp || e->original.len > 0 ||
        backstop_ip_is_private(ip) || backstop_site_is_internal(log->ours.site, ip)) {
        return false;
    }
    if (!log->ours.has_domains) {
        return ip[0] != '\0';
    }
    g_autofree char *recipient = g_strndup(e->value.ptr, e->value.len);
    return !backstop_site_owns(log->ours.site, recipient);
}

static void add_recipient(postfix_log *log, mail *m, span recipient)
{
    if (recipient.len == 0 || recipient.len > VALUE_BYTES_MAX) {
        return;
    }
    if (m->recipients == NULL) {
        m->recipients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    g_autofree char *text = g_strndup(recipient.ptr, recipient.len);
    if (g_hash_table_contains(m->recipients, text)) {
        return; /* tried before */
    }
    g_hash_table_add(m->recipients, keep(log, m, recipient));
    m->recipient_bytes += recipient.len + 1;
}

static void drop_recipients(postfix_log *log, mail *m)
{
    g_clear_pointer(&m->recipients, g_hash_table_unref);
    log->bytes -= m->recipient_bytes;
    m->bytes -= m->recipient_bytes;
    m->recipient_bytes = 0;
}

static void take_recipient(postfix_log *log, mail *m, const postfix_event *e)
{
    bool is_notice = m->sender != NULL && m->sender[0] == '\0';
    m->had_recipients = true;
    if (is_notice || !counts(log, m, e)) {
        return;
    }
    add_recipient(log, m, e->value);
    add_recipient(log, m, e->original);
    if (m->recipients != NULL && g_hash_table_size(m->recipients) >= RECIPIENTS_MAX) {
        if (m->sender != NULL) {
            hand_on(log, m);
        }
        drop_recipients(log, m);
    }
}

/* What one line says of its mail, which is new if `m` is NULL. */
static void apply(postfix_log *log, mail *m, const postfix_event *e, int64_t unix_sec)
{
    if (m == NULL) {
        m = add_mail(log, log->key->str, unix_sec);
    } else {
        g_queue_unlink(&log->by_age, &m->link);
        g_queue_push_tail_link(&log->by_age, &m->link);
    }
    switch (e->kind) {
    case POSTFIX_CLIENT:
    case POSTFIX_PICKUP:
        if (m->message_id != NULL || m->sender != NULL) {
            m = begin_again(log, m, unix_sec);
        }
        m->from = origin_of(log, e);
        break;
    case POSTFIX_MESSAGE_ID:
        if (m->message_id != NULL) {
            m = begin_again(log, m, unix_sec);
        }
        take_message_id(log, m, e->value);
        break;
    case POSTFIX_SENDER:
        if (m->sender != NULL && !span_equal(span_from_string(m->sender), e->value)) {
            m = begin_again(log, m, unix_sec);
        }
        if (m->sender == NULL) {
            m->sender = keep(log, m, e->value);
        }
        break;
    case POSTFIX_RECIPIENT:
        take_recipient(log, m, e);
        break;
    case POSTFIX_REMOVED:
        end_mail(log, m);
        break;
    }
}

bool postfix_log_recognise(span line, int64_t newest_sec, int64_t *unix_sec)
{
    syslog_clock clock = syslog_clock_new(newest_sec);
    syslog_line head;
    if (!syslog_line_read(span_trim(line), &clock, &head)) {
        return false;
    }
    *unix_sec = head.unix_sec;
    return true;
}

void postfix_log_begin(postfix_log *log, int64_t newest_sec)
{
    log->clock = syslog_clock_new(newest_sec);
}

void postfix_log_add(postfix_log *log, span line)
{
    syslog_line head;
    postfix_event e;
    line = span_trim(line);
    if (memchr(line.ptr, '\0', line.len) != NULL || !syslog_line_read(line, &log->clock, &head) ||
        !postfix_line_read(&head, &e) || e.value.len > VALUE_BYTES_MAX) {
        return;
    }
    log->counts.events++;
    g_string_truncate(log->key, 0);
    g_string_append_len(log->key, head.host.ptr, (gssize)head.host.len);
    g_string_append_c(log->key, ' ');
    g_string_append_len(log->key, e.instance.ptr, (gssize)e.instance.len);
    g_string_append_c(log->key, ' ');
    g_string_append_len(log->key, e.queue_id.ptr, (gssize)e.queue_id.len);
    mail *m = g_hash_table_lookup(log->mails, log->key->str);
    if (m != NULL || e.kind != POSTFIX_REMOVED) {
        apply(log, m, &e, head.unix_sec);
        end_forgotten(log);
    }
}

void postfix_log_finish(postfix_log *log)
{
    while (log->by_age.head != NULL) {
        end_mail(log, log->by_age.head->data);
    }
}

postfix_log_counts postfix_log_get_counts(const postfix_log *log)
{
    return log->counts;
}
