/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/delivery_status.h"

#include "message/field.h"
#include "message/limits.h"

typedef enum status_field {
    DSN_REPORTING_MTA,
    DSN_ARRIVAL_DATE,
    DSN_SENDER,
    DSN_FINAL,
    DSN_ORIGINAL,
    DSN_ACTION,
    DSN_STATUS,
    DSN_DIAGNOSTIC,
    DSN_OTHER, /* counts as a sign of the format only */
    DSN_UNKNOWN,
} status_field;

static status_field field_of(span name)
{
    static const struct {
        span name;
        status_field field;
    } names[] = {
        { SPAN_OF("Reporting-MTA"), DSN_REPORTING_MTA },
        { SPAN_OF("Arrival-Date"), DSN_ARRIVAL_DATE },
        { SPAN_OF("X-Postfix-Sender"), DSN_SENDER },
        { SPAN_OF("Final-Recipient"), DSN_FINAL },
        { SPAN_OF("Original-Recipient"), DSN_ORIGINAL },
        { SPAN_OF("Action"), DSN_ACTION },
        { SPAN_OF("Status"), DSN_STATUS },
        { SPAN_OF("Diagnostic-Code"), DSN_DIAGNOSTIC },
        { SPAN_OF("Remote-MTA"), DSN_OTHER },
        { SPAN_OF("Original-Envelope-Id"), DSN_OTHER },
        { SPAN_OF("Received-From-MTA"), DSN_OTHER },
        { SPAN_OF("Last-Attempt-Date"), DSN_OTHER },
        { SPAN_OF("Will-Retry-Until"), DSN_OTHER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (span_equal_nocase(name, names[i].name)) {
            return names[i].field;
        }
    }
    return DSN_UNKNOWN;
}

/* Cuts "rfc822;" and its like off `*value`. */
static void cut_type(span *value)
{
    size_t n = 0;
    while (n < value->len &&
           (ascii_is_alnum(value->ptr[n]) || value->ptr[n] == '-' || value->ptr[n] == '.')) {
        n++;
    }
    span type = span_head(*value, n);
    while (n < value->len && (value->ptr[n] == ' ' || value->ptr[n] == '\t')) {
        n++;
    }
    if (type.len == 0 || type.len > 20 || n >= value->len || value->ptr[n] != ';') {
        return;
    }
    *value = span_trim(span_skip(*value, n + 1));
}

static delivery_action read_action(span value)
{
    static const struct {
        const char *prefix;
        delivery_action action;
    } actions[] = {
        { "fail", ACTION_FAILED },   { "delay", ACTION_DELAYED },   { "deliver", ACTION_DELIVERED },
        { "relay", ACTION_RELAYED }, { "expand", ACTION_EXPANDED },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (span_starts_nocase(value, span_from_string(actions[i].prefix))) {
            return actions[i].action;
        }
    }
    return ACTION_NONE;
}

static bool group_has(const delivery_group *g, status_field field)
{
    switch (field) {
    case DSN_FINAL:
        return g->final.len > 0;
    case DSN_ORIGINAL:
        return g->original.len > 0;
    case DSN_ACTION:
        return g->action != ACTION_NONE;
    case DSN_STATUS:
        return g->status.len > 0;
    case DSN_DIAGNOSTIC:
        return g->diagnostic.len > 0;
    default:
        return false;
    }
}

/* A blank line ends a group, but some systems put one after every field, and some put none: what
 * really starts a new group is a field that this one has already. */
static bool starts_group(const delivery_group *g, status_field field, bool after_blank)
{
    bool names_recipient = field == DSN_FINAL || field == DSN_ORIGINAL;
    bool is_told = g->action != ACTION_NONE || g->status.len > 0;
    if (field == DSN_DIAGNOSTIC) {
        return after_blank && is_told && group_has(g, field);
    }
    return group_has(g, field) || (after_blank && names_recipient && g->final.len > 0 && is_told);
}

static void set_group_field(delivery_group *g, status_field field, span value)
{
    switch (field) {
    case DSN_FINAL:
        cut_type(&value);
        g->final = value;
        break;
    case DSN_ORIGINAL:
        cut_type(&value);
        g->original = value;
        break;
    case DSN_ACTION:
        g->action = read_action(value);
        break;
    case DSN_STATUS:
        g->status = value;
        break;
    case DSN_DIAGNOSTIC:
        cut_type(&value);
        if (g->diagnostic.len == 0) {
            g->diagnostic = value;
        }
        break;
    default:
        break;
    }
}

static void take_field(delivery_status *status, status_field field, span value, bool after_blank)
{
    status->known_fields++;
    if (field == DSN_REPORTING_MTA) {
        cut_type(&value);
        status->reporting_mta = value;
    } else if (field == DSN_ARRIVAL_DATE) {
        status->arrival_date = value;
    } else if (field == DSN_SENDER) {
        cut_type(&value);
        status->original_sender = value;
    } else if (field != DSN_OTHER) {
        delivery_group *last =
            status->groups->len == 0
                ? NULL
                : &g_array_index(status->groups, delivery_group, status->groups->len - 1);
        if (status->is_full) {
            return;
        }
        if (last == NULL || starts_group(last, field, after_blank)) {
            if (status->groups->len >= LIMIT_RECIPIENTS) {
                status->is_full = true;
                return;
            }
            delivery_group fresh = { 0 };
            g_array_append_val(status->groups, fresh);
            last = &g_array_index(status->groups, delivery_group, status->groups->len - 1);
        }
        set_group_field(last, field, value);
    }
}

void delivery_status_read(span text, delivery_status *status)
{
    span line;
    status_field open = DSN_UNKNOWN;
    span value = { "", 0 };
    bool after_blank = false, open_after_blank = false;
    while (span_next_line(&text, &line)) {
        size_t name_len;
        bool is_folded = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        if (is_folded && open != DSN_UNKNOWN && span_trim(line).len > 0) {
            value.len = (size_t)(line.ptr + line.len - value.ptr);
            continue;
        }
        if (open != DSN_UNKNOWN) {
            take_field(status, open, span_trim(value), open_after_blank);
            open = DSN_UNKNOWN;
            after_blank = false;
        }
        if (span_trim(line).len == 0) {
            after_blank = true;
        } else if (field_starts_line(line, &name_len)) {
            open = field_of(span_head(line, name_len));
            value = span_skip(line, span_find_char(line, ':') + 1);
            open_after_blank = after_blank;
        }
    }
    if (open != DSN_UNKNOWN) {
        take_field(status, open, span_trim(value), open_after_blank);
    }
}

const char *delivery_action_name(delivery_action action)
{
    static const char *const names[] = {
        [ACTION_NONE] = NULL,         [ACTION_FAILED] = "failed",
        [ACTION_DELAYED] = "delayed", [ACTION_DELIVERED] = "delivered",
        [ACTION_RELAYED] = "relayed", [ACTION_EXPANDED] = "expanded",
    };
    return names[action];
}
