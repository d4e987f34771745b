/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One message, read within fixed bounds: its header fields and its MIME structure (RFC 5322,
 * RFC 2045 to 2047), tolerant of what mail systems really send. Line ends may be CRLF, LF or CR.
 * Reading never fails on content: broken mail gives what could be made out.
 */
#ifndef BACKSTOP_MESSAGE_H
#define BACKSTOP_MESSAGE_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct backstop_message backstop_message;

/* What the mail server knows of a message beside its bytes. Every member may be NULL or 0:
 * unknown. An empty mail_from is the null sender. Addresses are without angle brackets. */
typedef struct backstop_envelope {
    const char *client_ip;
    const char *helo;
    const char *mail_from;
    const char *const *recipients;
    size_t recipient_count;
} backstop_envelope;

/*
 * Reads `len` bytes at `bytes`. The message borrows the bytes: they must stay unchanged until
 * it is freed. `envelope` may be NULL; what it points to is copied.
 * BACKSTOP_OK: `*out` is a new message for the caller to free with backstop_message_free().
 * BACKSTOP_ERROR_EMPTY: `len` is 0 or all bytes are white space; `*out` is NULL.
 */
BACKSTOP_CHECKED backstop_status backstop_message_read(const char *bytes, size_t len,
                                                       const backstop_envelope *envelope,
                                                       backstop_message **out);

/* Takes NULL. Notices made from the message stay valid. */
BACKSTOP_API void backstop_message_free(backstop_message *message);

/* Whether some limit (message/limits.h) kept part of the message from being read. */
BACKSTOP_API bool backstop_message_is_cut(const backstop_message *message);

/* The fields of the message's own header, from the top. `index` runs from 0 to the count. */
BACKSTOP_API size_t backstop_message_field_count(const backstop_message *message);

/* The name and the raw value of one field, folding and all; borrowed from the input, not
 * NUL-terminated, their lengths in `*len`. NULL if there is no such field. */
BACKSTOP_API const char *backstop_message_field_name(const backstop_message *message, size_t index,
                                                     size_t *len);
BACKSTOP_API const char *backstop_message_field_value(const backstop_message *message, size_t index,
                                                      size_t *len);

/* The first field of that name (ASCII, any case) as readable UTF-8: RFC 2047 words decoded,
 * unfolded. A new string for the caller to free() with backstop_text_free(); NULL if absent. */
BACKSTOP_API char *backstop_message_field_text(const backstop_message *message, const char *name);

/* When it came: the time of its topmost Received field, else of its Date. False if neither tells.
 */
BACKSTOP_API bool backstop_message_date(const backstop_message *message, int64_t *unix_sec);

/* The MIME parts in the order they stand, the whole message first (index 0). */
BACKSTOP_API size_t backstop_message_part_count(const backstop_message *message);

/* The index of the part that holds this one; -1 for the first, and for no such part. */
BACKSTOP_API int backstop_message_part_parent(const backstop_message *message, size_t index);

/* "type/subtype" in lower case as the part declares it, "text/plain" where it declares none
 * (RFC 2045, 5.2). To be freed with backstop_text_free(). NULL if there is no such part. */
BACKSTOP_API char *backstop_message_part_type(const backstop_message *message, size_t index);

/* The body of a part that has no parts itself, decoded; text is converted to UTF-8, line ends
 * are LF. NUL-terminated, its length in `*len` (NULL allowed). At most twice the part's size plus
 * what conversion to UTF-8 adds. To be freed with backstop_text_free(). NULL for other parts. */
BACKSTOP_API char *backstop_message_part_body(const backstop_message *message, size_t index,
                                              size_t *len);

/* Frees a string that the library made. Takes NULL. */
BACKSTOP_API void backstop_text_free(char *text);

#endif
