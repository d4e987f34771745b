/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is put aside before an mbox is changed (mbox_edit.h): the bytes from the first change to the
 * end, as they are when they are longer, before messages are removed or after some are inserted,
 * and which ranges of them make the shorter form. So both forms are there, and an interrupted
 * change can be brought to either.
 *
 * The file: lines "backstop-mbox-tail 1", "remove" or "insert", "begin OFFSET" in the mbox, "bytes
 * LENGTH", then "keep FROM TO" for each range, in order, an empty line, and the bytes: a part of an
 * mbox, which a person can read.
 */
#ifndef BACKSTOP_APP_MBOX_TAIL_H
#define BACKSTOP_APP_MBOX_TAIL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A range of bytes, from the first to behind the last. */
typedef struct mbox_range {
    int64_t begin, end;
} mbox_range;

typedef struct mbox_tail {
    int fd;           /* the file aside */
    int64_t offset;   /* in it: where the bytes are */
    bool is_removal;  /* the longer form is the old one; else the new one */
    int64_t begin;    /* in the mbox: where both forms begin */
    int64_t long_len; /* of the longer form */
    int64_t short_len;
    GArray *kept; /* of mbox_range: what of the longer form makes the shorter one */
} mbox_tail;

/* Appends the lines before the bytes. */
void mbox_tail_print_head(const mbox_tail *tail, GString *out);

/* Opens what was put aside. False, and errno, if it cannot be read; EBADMSG if it is no such file.
 * To be closed with mbox_tail_close(). */
bool mbox_tail_open(const char *path, mbox_tail *out);
void mbox_tail_close(mbox_tail *tail);

/* Writes the longer or the shorter form into the mbox. False, and errno. */
bool mbox_tail_write_long(const mbox_tail *tail, int mbox);
bool mbox_tail_write_short(const mbox_tail *tail, int mbox);

/* What an interrupted change left of both forms in the mbox. */
typedef struct mbox_tail_match {
    bool is_short;     /* as far as the shorter form reaches, it is that */
    bool is_mixed;     /* so far, each byte is that of the one form or of the other */
    bool is_long;      /* behind that, it is the longer form, up to its end */
    bool is_reserved;  /* the same, or bytes that were reserved and not yet written, which are 0 */
    bool is_all_blank; /* behind the shorter form there is nothing but such bytes */
} mbox_tail_match;

/* False, and errno, if something cannot be read. */
bool mbox_tail_compare(const mbox_tail *tail, int mbox, mbox_tail_match *out);

#endif
