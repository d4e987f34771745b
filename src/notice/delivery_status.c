/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/delivery_status.h"

#include "message/field.h"
#include "message/limits.h"

typedef enum status_field {
    FIELD_REPORTING_MTA,
    FIELD_ARRIVAL_DATE,
    FIELD_SENDER,
    FIELD_FINAL,
    FIELD_ORIGINAL,
    FIELD_ACTION,
    FIELD_STATUS,
    FIELD_DIAGNOSTIC,
    FIELD_REMOTE_MTA,
    FIELD_OTHER, /* counts as a sign of the format only */
    FIELD_UNKNOWN,
} status_field;

static status_field field_of(span name)
{
    static const struct {
        span name;
        status_field field;
    } names[] = {
        { { "Reporting-MTA", sizeof("Reporting-MTA") - 1 }, FIELD_REPORTING_MTA },
        { { "Arrival-Date", sizeof("Arrival-Date") - 1 }, FIELD_ARRIVAL_DATE },
        { { "X-Postfix-Sender", sizeof("X-Postfix-Sender") - 1 }, FIELD_SENDER },
        { { "Final-Recipient", sizeof("Final-Recipient") - 1 }, FIELD_FINAL },
        { { "Original-Recipient", sizeof("Original-Recipient") - 1 }, FIELD_ORIGINAL },
        { { "Action", sizeof("Action") - 1 }, FIELD_ACTION },
        { { "Status", sizeof("Status") - 1 }, FIELD_STATUS },
        { { "Diagnostic-Code", sizeof("Diagnostic-Code") - 1 }, FIELD_DIAGNOSTIC },
        { { "Remote-MTA", sizeof("Remote-MTA") - 1 }, FIELD_REMOTE_MTA },
        { { "Original-Envelope-Id", sizeof("Original-Envelope-Id") - 1 }, FIELD_OTHER },
        { { "Received-From-MTA", sizeof("Received-From-MTA") - 1 }, FIELD_OTHER },
        { { "Last-Attempt-Date", sizeof("Last-Attempt-Date") - 1 }, FIELD_OTHER },
        { { "Will-Retry-Until", sizeof("Will-Retry-Until") - 1 }, FIELD_OTHER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (span_equal_nocase(name, names[i].name)) {
            return names[i].field;
        }
    }
    return FIELD_UNKNOWN;
}

/* Cuts "rfc822;" and its like off `*value`; returns the type, empty if there is none. */
static span cut_type(span *value)
{
    size_t n = 0;
    while (n < value->len && (ascii_is_alnum(value->ptr[n]) || value->ptr[n] == '-' ||
                              value->ptr[n] == ' ' || value->ptr[n] == '.')) {
        n++;
    }
    if (n == 0 || n >= value->len || n > 20 || value->ptr[n] != ';') {
        return (span){ "", 0 };
    }
    span type = span_trim(span_head(*value, n));
    *value = span_trim(span_skip(*value, n + 1));
    return type;
}

static delivery_action read_action(span value)
{
    static const struct {
        const char *prefix;
        delivery_action action;
    } actions[] = {
        { "fail", ACTION_FAILED },     { "delay", ACTION_DELAYED },
        { "deliver", ACTION_DELIVERED }, { "relay", ACTION_RELAYED },
        { "expand", ACTION_EXPANDED },
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
    case FIELD_FINAL:
        return g->final.len > 0;
    case FIELD_ORIGINAL:
        return g->original.len > 0;
    case FIELD_ACTION:
        return g->action != ACTION_NONE;
    case FIELD_STATUS:
        return g->status.len > 0;
    case FIELD_DIAGNOSTIC:
        return g->diagnostic.len > 0;
    default:
        return false;
    }
}

/* A blank line ends a group, but some systems put one after every field, and some put none: what
 * really starts a new group is a field that this one has already. */
static bool starts_group(const delivery_group *g, status_field field, bool after_blank)
{
    bool names_recipient = field == FIELD_FINAL || field == FIELD_ORIGINAL;
    if (field == FIELD_DIAGNOSTIC || field == FIELD_REMOTE_MTA) {
        return false;
    }
    return group_has(g, field) || (after_blank && names_recipient && g->final.len > 0);
}

static void set_group_field(delivery_group *g, status_field field, span value)
{
    switch (field) {
    case FIELD_FINAL:
        cut_type(&value);
        g->final = value;
        break;
    case FIELD_ORIGINAL:
        cut_type(&value);
        g->original = value;
        break;
    case FIELD_ACTION:
        g->action = read_action(value);
        break;
    case FIELD_STATUS:
        g->status = value;
        break;
    case FIELD_DIAGNOSTIC: {
        span type = cut_type(&value);
        g->is_smtp = type.len == 0 || span_equal_nocase(type, SPAN("smtp"));
        if (g->diagnostic.len == 0) {
            g->diagnostic = value;
        }
        break;
    }
    default:
        cut_type(&value);
        g->remote_mta = value;
        break;
    }
}

static void take_field(delivery_status *status, status_field field, span value, bool after_blank)
{
    status->known_fields++;
    if (field == FIELD_REPORTING_MTA) {
        cut_type(&value);
        status->reporting_mta = value;
    } else if (field == FIELD_ARRIVAL_DATE) {
        status->arrival_date = value;
    } else if (field == FIELD_SENDER) {
        cut_type(&value);
        status->original_sender = value;
    } else if (field != FIELD_OTHER) {
        delivery_group *last = status->groups->len == 0
                                   ? NULL
                                   : &g_array_index(status->groups, delivery_group,
                                                    status->groups->len - 1);
        if (last == NULL || starts_group(last, field, after_blank)) {
            if (status->groups->len >= LIMIT_RECIPIENTS) {
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
    status_field open = FIELD_UNKNOWN;
    span value = { "", 0 };
    bool after_blank = false, open_after_blank = false;
    while (span_next_line(&text, &line)) {
        size_t name_len;
        bool is_folded = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        if (is_folded && open != FIELD_UNKNOWN && span_trim(line).len > 0) {
            value.len = (size_t)(line.ptr + line.len - value.ptr);
            continue;
        }
        if (open != FIELD_UNKNOWN) {
            take_field(status, open, span_trim(value), open_after_blank);
            open = FIELD_UNKNOWN;
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
    if (open != FIELD_UNKNOWN) {
        take_field(status, open, span_trim(value), open_after_blank);
    }
}

const char *delivery_action_name(delivery_action action)
{
    static const char *const names[] = {
        [ACTION_NONE] = NULL,          [ACTION_FAILED] = "failed",
        [ACTION_DELAYED] = "delayed",  [ACTION_DELIVERED] = "delivered",
        [ACTION_RELAYED] = "relayed",  [ACTION_EXPANDED] = "expanded",
    };
    return names[action];
}
