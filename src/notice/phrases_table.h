/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The shape of the tables that compile-phrases makes, walked by phrases.c alone.
 */
#ifndef BACKSTOP_NOTICE_PHRASES_TABLE_H
#define BACKSTOP_NOTICE_PHRASES_TABLE_H

#include "notice/phrases.h"

#include <backstop/notice.h>

#include <stdint.h>

/* A state of the trie and the run of bytes that leads to it. Children stand in a row. */
typedef struct phrases_node {
    uint32_t label; /* offset in phrases_labels */
    uint16_t first_child;
    uint16_t first_pattern;
    uint8_t label_len;
    uint8_t child_count;
    uint8_t pattern_count;
} phrases_node;

/* A phrase without a gap is one pattern, which ends it. One with a gap has an opening besides,
 * which several phrases may share. */
typedef enum phrases_role { PATTERN_ENDS, PATTERN_OPENS } phrases_role;

typedef struct phrases_pattern {
    uint16_t id; /* index of the entry that it ends, or the opening's number from 1 */
    uint8_t len;
    uint8_t role;
    uint8_t whole_word; /* the text must not go on with an ASCII letter or digit */
} phrases_pattern;

typedef struct phrases_entry {
    uint16_t opening; /* that must stand before it; 0: none */
    uint8_t class;
    uint8_t value;
    uint8_t weight;
} phrases_entry;

/* A bit for each hash of the first six bytes of a pattern; and for the patterns that have fewer, at
 * least two, one for the hash of them all. Most words of a text begin none, and are passed over
 * without walking the trie. */
enum { PHRASES_OPENER_BYTES = 6, PHRASES_OPENER_MASK = 0xFFFF };

extern const uint8_t phrases_openers[];
extern const uint8_t phrases_short_openers[];

extern const uint8_t phrases_labels[];
extern const phrases_node phrases_nodes[];  /* the first is the root */
extern const uint8_t phrases_first_bytes[]; /* of each node's label */
extern const uint16_t phrases_roots[];      /* its child by first byte; 0: none */
extern const phrases_pattern phrases_patterns[];
extern const phrases_entry phrases_entries[];

#endif
