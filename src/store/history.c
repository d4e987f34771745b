/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The public side of the history: events become rows, and rows become events.
 */
#include "store/history.h"

#include "message/address_form.h"
#include "store/store.h"

#include <backstop/history.h>

#include <string.h>

enum {
    ADDRESS_BYTES = 256, /* of an address or a Message-ID are kept */
    TEXT_BYTES = 128,    /* of texts other than those and explanations */
    /* Counters name nobody, and readiness needs those of this many days. */
    COUNTED_DAYS = 30,
    LAYERS_MAX = 6, /* that an address is unwrapped of; each shortens it */
    READ_CHUNK_BYTES = 4096,
};

/* ---- adding ---- */

/* The length of `text`, at most `max`, without a UTF-8 sequence cut at its end. */
static size_t length_within(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len <= max) {
        return len;
    }
    size_t end = max;
    while (end > 0 && max - end < 4 && ((unsigned char)text[end] & 0xc0) == 0x80) {
        end--;
    }
    return ((unsigned char)text[end] & 0xc0) == 0x80 ? max : end;
}

static span text_within(const char *text, size_t max)
{
    return text == NULL ? SPAN("") : (span){ text, length_within(text, max) };
}

static span keep(GStringChunk *strings, const GString *text)
{
    return (span){ g_string_chunk_insert_len(strings, text->str, (gssize)text->len), text->len };
}

/* The mailbox behind a canonical address, into `mailbox`. */
static void unwrap(const GString *address, GString *mailbox)
{
    g_autoptr(GString) inner = g_string_new(NULL);
    address_wrapping layer;
    g_string_assign(mailbox, address->str);
    for (int i = 0;
         i < LAYERS_MAX && address_form_unwrap((span){ mailbox->str, mailbox->len }, inner, &layer);
         i++) {
        g_string_assign(mailbox, inner->str);
    }
}

static void fill_addresses(const char *recipient, GStringChunk *strings, history_row *row)
{
    g_autoptr(GString) address = g_string_new(NULL);
    g_autoptr(GString) mailbox = g_string_new(NULL);
    address_form_canonical(text_within(recipient, ADDRESS_BYTES), address);
    unwrap(address, mailbox);
    row->texts[TEXT_RECIPIENT] = keep(strings, address);
    row->texts[TEXT_MAILBOX] = keep(strings, mailbox);
}

static int64_t kind_number(const char *name)
{
    for (int kind = BACKSTOP_KIND_NONE; name != NULL && kind <= BACKSTOP_KIND_FEEDBACK; kind++) {
        if (strcmp(backstop_kind_name((backstop_kind)kind), name) == 0) {
            return kind;
        }
    }
    return BACKSTOP_KIND_NONE;
}

static history_row row_of(const backstop_event *event, int64_t now_sec, GStringChunk *strings)
{
    history_row row = {
        .ring = event->verdict == BACKSTOP_VERDICT_BACKSCATTER ? RING_BACKSCATTER : RING_OTHERS,
        .numbers = {
            [NUMBER_WHEN] = CLAMP(event->when_sec, 0, MAX(now_sec, 0)),
            [NUMBER_VERDICT] = event->verdict,
            [NUMBER_CONFIDENCE] = event->confidence,
            [NUMBER_KIND] = kind_number(event->kind),
            [NUMBER_DONE] = event->done,
            [NUMBER_ENFORCED] = event->enforced,
            [NUMBER_FLAGS] = (event->has_genuine_witness ? FLAG_GENUINE_WITNESS : 0) |
                             (event->has_tag ? FLAG_TAG : 0) |
                             (event->is_explained ? FLAG_EXPLAINED : 0),
        },
        .texts = {
            [TEXT_QUEUE_ID] = text_within(event->queue_id, TEXT_BYTES),
            [TEXT_BY] = text_within(event->by, TEXT_BYTES),
            [TEXT_REASON] = text_within(event->reason, TEXT_BYTES),
            [TEXT_CLIENT_IP] = text_within(event->client_ip, TEXT_BYTES),
            [TEXT_OUTBOUND_PATH] = text_within(event->outbound_path, TEXT_BYTES),
            [TEXT_MESSAGE_ID] = text_within(event->message_id, ADDRESS_BYTES),
            [TEXT_EXPLANATION] = text_within(event->explanation, BACKSTOP_EXPLANATION_BYTES),
        },
    };
    fill_addresses(event->recipient, strings, &row);
    return row;
}

backstop_status backstop_store_add_events(backstop_store *store, const backstop_event *events,
                                          size_t count, int64_t now_sec, backstop_error *error)
{
    GStringChunk *strings = g_string_chunk_new(READ_CHUNK_BYTES);
    g_autofree history_row *rows = g_new(history_row, count);
    for (size_t i = 0; i < count; i++) {
        rows[i] = row_of(&events[i], now_sec, strings);
    }
    backstop_status status = store->operations->add_events(store, rows, count, error);
    g_string_chunk_free(strings);
    return status;
}

void backstop_store_set_history_days(backstop_store *store, unsigned days)
{
    atomic_store(&store->history_days, CLAMP(days, 1, BACKSTOP_HISTORY_DAYS_MAX));
}

backstop_status backstop_store_note_observing(backstop_store *store, int64_t now_sec,
                                              backstop_error *error)
{
    return store->operations->note_observing(store, MAX(now_sec, 0), error);
}

/* ---- removing ---- */

backstop_status history_forget(backstop_store *store, const GString *address, backstop_error *error)
{
    g_autoptr(GString) mailbox = g_string_new(NULL);
    unwrap(address, mailbox);
    return store->operations->forget_history(store, (span){ mailbox->str, mailbox->len }, error);
}

backstop_status history_expire(backstop_store *store, int64_t now_sec, backstop_error *error)
{
    int64_t days = atomic_load(&store->history_days);
    uint32_t oldest = store_day(now_sec - days * STORE_DAY_SEC);
    uint32_t oldest_counted = store_day(now_sec - MAX(days, COUNTED_DAYS) * STORE_DAY_SEC);
    return store->operations->expire_history(store, oldest, oldest_counted, error);
}

/* ---- stories ---- */

typedef struct own_stories {
    backstop_stories base; /* what the caller sees */
    GArray *events;        /* of backstop_event */
    GStringChunk *strings;
} own_stories;

static const char *text_or_null(span text)
{
    return text.len == 0 ? NULL : text.ptr;
}

/* Numbers come from the file, and may be those of nothing. */
static backstop_event event_of(const history_row *row)
{
    const int64_t *n = row->numbers;
    return (backstop_event){
        .when_sec = n[NUMBER_WHEN],
        .queue_id = text_or_null(row->texts[TEXT_QUEUE_ID]),
        .verdict = (backstop_verdict)n[NUMBER_VERDICT],
        .confidence = (backstop_confidence)n[NUMBER_CONFIDENCE],
        .by = text_or_null(row->texts[TEXT_BY]),
        .kind = backstop_kind_name((backstop_kind)n[NUMBER_KIND]),
        .reason = text_or_null(row->texts[TEXT_REASON]),
        .recipient = text_or_null(row->texts[TEXT_RECIPIENT]),
        .client_ip = text_or_null(row->texts[TEXT_CLIENT_IP]),
        .outbound_path = text_or_null(row->texts[TEXT_OUTBOUND_PATH]),
        .done = (backstop_disposition)n[NUMBER_DONE],
        .enforced = (backstop_disposition)n[NUMBER_ENFORCED],
        .has_genuine_witness = (n[NUMBER_FLAGS] & FLAG_GENUINE_WITNESS) != 0,
        .has_tag = (n[NUMBER_FLAGS] & FLAG_TAG) != 0,
        .is_explained = (n[NUMBER_FLAGS] & FLAG_EXPLAINED) != 0,
        .message_id = text_or_null(row->texts[TEXT_MESSAGE_ID]),
        .explanation = text_or_null(row->texts[TEXT_EXPLANATION]),
    };
}

void backstop_stories_free(backstop_stories *stories)
{
    own_stories *own = (own_stories *)stories;
    if (own != NULL) {
        g_array_free(own->events, TRUE);
        g_string_chunk_free(own->strings);
        g_free(own);
    }
}

backstop_status backstop_store_find_event(backstop_store *store, const char *queue_id,
                                          backstop_stories **out, backstop_error *error)
{
    *out = NULL;
    own_stories *own = g_new0(own_stories, 1);
    own->events = g_array_new(FALSE, FALSE, sizeof(backstop_event));
    own->strings = g_string_chunk_new(READ_CHUNK_BYTES);
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(history_row));
    backstop_status status =
        store->operations->find_events(store, text_within(queue_id, TEXT_BYTES),
                                       BACKSTOP_STORY_FOUND_MAX, rows, own->strings, error);
    for (unsigned i = 0; i < rows->len && status == BACKSTOP_OK; i++) {
        backstop_event event = event_of(&g_array_index(rows, history_row, i));
        g_array_append_val(own->events, event);
    }
    g_array_free(rows, TRUE);
    own->base.events = (const backstop_event *)own->events->data;
    own->base.count = own->events->len;
    if (status != BACKSTOP_OK) {
        backstop_stories_free(&own->base);
        return status;
    }
    *out = &own->base;
    return BACKSTOP_OK;
}

/* ---- the report ---- */

typedef struct own_report {
    backstop_report base; /* what the caller sees */
    GArray *tallies;      /* of backstop_tally */
    GArray *untagged;     /* of backstop_untagged */
    GStringChunk *strings;
} own_report;

static void append_tally(GArray *out, const history_tally *t)
{
    const int64_t *n = t->numbers;
    const backstop_tally tally = {
        .day_sec = n[TALLY_DAY] * STORE_DAY_SEC,
        .verdict = (backstop_verdict)n[TALLY_VERDICT],
        .confidence = (backstop_confidence)n[TALLY_CONFIDENCE],
        .kind = backstop_kind_name((backstop_kind)n[TALLY_KIND]),
        .done = (backstop_disposition)n[TALLY_DONE],
        .enforced = (backstop_disposition)n[TALLY_ENFORCED],
        .count = (uint64_t)n[TALLY_COUNT],
        .untagged = (uint64_t)n[TALLY_UNTAGGED],
        .unexplained = (uint64_t)n[TALLY_UNEXPLAINED],
    };
    g_array_append_val(out, tally);
}

static void append_untagged(GArray *out, const history_untagged *u)
{
    const backstop_untagged untagged = {
        .sender = u->mailbox[0] == '\0' ? NULL : u->mailbox,
        .outbound_path = u->path[0] == '\0' ? NULL : u->path,
        .count = (uint64_t)u->count,
        .unexplained = (uint64_t)u->unexplained,
        .last_day_sec = u->last_day * STORE_DAY_SEC,
    };
    g_array_append_val(out, untagged);
}

void backstop_report_free(backstop_report *report)
{
    own_report *own = (own_report *)report;
    if (own != NULL) {
        g_array_free(own->tallies, TRUE);
        g_array_free(own->untagged, TRUE);
        g_string_chunk_free(own->strings);
        g_free(own);
    }
}

static backstop_status read_report(own_report *own, backstop_store *store, uint32_t from_day,
                                   uint32_t until_day, backstop_error *error)
{
    GArray *tallies = g_array_new(FALSE, FALSE, sizeof(history_tally));
    GArray *untagged = g_array_new(FALSE, FALSE, sizeof(history_untagged));
    backstop_status status = store->operations->report(store, from_day, until_day, tallies,
                                                       untagged, own->strings, error);
    for (unsigned i = 0; i < tallies->len; i++) {
        append_tally(own->tallies, &g_array_index(tallies, history_tally, i));
    }
    for (unsigned i = 0; i < untagged->len; i++) {
        append_untagged(own->untagged, &g_array_index(untagged, history_untagged, i));
    }
    g_array_free(tallies, TRUE);
    g_array_free(untagged, TRUE);
    return status;
}

backstop_status backstop_store_report(backstop_store *store, int64_t from_sec, int64_t until_sec,
                                      backstop_report **out, backstop_error *error)
{
    *out = NULL;
    own_report *own = g_new0(own_report, 1);
    own->tallies = g_array_new(FALSE, FALSE, sizeof(backstop_tally));
    own->untagged = g_array_new(FALSE, FALSE, sizeof(backstop_untagged));
    own->strings = g_string_chunk_new(READ_CHUNK_BYTES);
    backstop_status status =
        read_report(own, store, store_day(from_sec), store_day(until_sec), error);
    own->base = (backstop_report){
        .tallies = (const backstop_tally *)own->tallies->data,
        .tally_count = own->tallies->len,
        .untagged = (const backstop_untagged *)own->untagged->data,
        .untagged_count = own->untagged->len,
    };
    if (status != BACKSTOP_OK) {
        backstop_report_free(&own->base);
        return status;
    }
    *out = &own->base;
    return BACKSTOP_OK;
}

/* ---- readiness ---- */

backstop_status backstop_store_get_readiness(backstop_store *store, int64_t now_sec,
                                             backstop_readiness *out, backstop_error *error)
{
    history_state state;
    *out = (backstop_readiness){ 0 };
    backstop_status status = store->operations->read_history_state(
        store, store_day(now_sec - (int64_t)COUNTED_DAYS * STORE_DAY_SEC),
        store_day(now_sec - (int64_t)BACKSTOP_READY_DAYS * STORE_DAY_SEC), store_day(now_sec),
        &state, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    int64_t passed_days =
        state.observed_since_sec == 0 ? 0 : (now_sec - state.observed_since_sec) / STORE_DAY_SEC;
    *out = (backstop_readiness){
        .observed_since_sec = state.observed_since_sec,
        .observed_last_sec = state.observed_last_sec,
        .observed_days = (unsigned)CLAMP(passed_days, 0, state.observed_days),
        .untagged_unexplained = (uint64_t)state.unexplained,
    };
    return BACKSTOP_OK;
}

bool backstop_readiness_is_enough(const backstop_readiness *readiness)
{
    return readiness->observed_days >= BACKSTOP_READY_DAYS && readiness->untagged_unexplained == 0;
}
