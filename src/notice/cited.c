/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/cited.h"

#include "message/limits.h"

typedef struct label {
    const char *text; /* without the colon */
    cited_field field;
} label;

static const label labels[] = {
    { "Subject", CITED_SUBJECT },
    { "The subject of the message is", CITED_SUBJECT },
    { "The message subject was", CITED_SUBJECT },
    { "Message subject", CITED_SUBJECT },
    { "Original subject", CITED_SUBJECT },
    { "Subject of the message", CITED_SUBJECT },
    { "Betreff", CITED_SUBJECT },
    { "Objet", CITED_SUBJECT },
    { "Sujet", CITED_SUBJECT },
    { "Asunto", CITED_SUBJECT },
    { "Assunto", CITED_SUBJECT },
    { "Oggetto", CITED_SUBJECT },
    { "Onderwerp", CITED_SUBJECT },
    { "Ämne", CITED_SUBJECT },
    { "Emne", CITED_SUBJECT },
    { "Aihe", CITED_SUBJECT },
    { "Temat", CITED_SUBJECT },
    { "Předmět", CITED_SUBJECT },
    { "Tárgy", CITED_SUBJECT },
    { "Konu", CITED_SUBJECT },
    { "Тема", CITED_SUBJECT },
    { "件名", CITED_SUBJECT },
    { "主题", CITED_SUBJECT },
    { "主　题", CITED_SUBJECT },
    { "邮件主题", CITED_SUBJECT },
    { "الموضوع", CITED_SUBJECT },
    { "נושא", CITED_SUBJECT },
    { "主旨", CITED_SUBJECT },
    { "제목", CITED_SUBJECT },
    { "To", CITED_TO },
    { "An", CITED_TO },
    { "À", CITED_TO },
    { "Para", CITED_TO },
    { "Aan", CITED_TO },
    { "宛先", CITED_TO },
    { "收件人", CITED_TO },
    { "Кому", CITED_TO },
    { "받는 사람", CITED_TO },
    { "Sent", CITED_DATE },
    { "Date", CITED_DATE },
    { "The date of the message is", CITED_DATE },
    { "The message date was", CITED_DATE },
    { "Message date", CITED_DATE },
    { "Message-ID", CITED_MESSAGE_ID },
    { "Message ID", CITED_MESSAGE_ID },
    { "Original-Message-ID", CITED_MESSAGE_ID },
    { "X-Original-Message-ID", CITED_MESSAGE_ID },
    { "The message identifier was", CITED_MESSAGE_ID },
};

/* What follows "LABEL:" or "LABEL ：", empty if the line does not start so. */
static span value_after(span line, span text)
{
    if (!span_starts_nocase(line, text)) {
        return (span){ "", 0 };
    }
    span rest = span_skip(line, text.len);
    while (rest.len > 0 && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t')) {
        rest = span_skip(rest, 1);
    }
    if (span_starts(rest, SPAN(":"))) {
        return span_trim(span_skip(rest, 1));
    }
    return span_starts(rest, SPAN("：")) ? span_trim(span_skip(rest, sizeof "：" - 1))
                                         : (span){ "", 0 };
}

static span without_marks(span line)
{
    line = span_trim(line);
    while (line.len > 0 && (line.ptr[0] == '*' || line.ptr[0] == '-' || line.ptr[0] == '>' ||
                            line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line = span_skip(line, 1);
    }
    return line;
}

static void read_line(span line, span values[CITED_FIELDS])
{
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        span value = value_after(line, span_from_string(labels[i].text));
        if (value.len > 0 && values[labels[i].field].len == 0) {
            values[labels[i].field] = value;
            return;
        }
    }
}

static void read_lines(span text, span values[CITED_FIELDS])
{
    span line;
    while (span_next_line(&text, &line)) {
        read_line(without_marks(line), values);
    }
}

void cited_read(clues *c, span values[CITED_FIELDS])
{
    clues_read_text(c);
    for (unsigned i = 0; i < CITED_FIELDS; i++) {
        values[i] = (span){ "", 0 };
    }
    read_lines(c->mdn_text, values);
    read_lines(span_head(c->own_text, LIMIT_NOTICE_TEXT_BYTES), values);
}
