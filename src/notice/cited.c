/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/cited.h"

#include "message/limits.h"

typedef struct label {
    span text; /* without the colon */
    cited_field field;
} label;

static const label labels[] = {
    { SPAN_OF("Subject"), CITED_SUBJECT },
    { SPAN_OF("The subject of the message is"), CITED_SUBJECT },
    { SPAN_OF("The message subject was"), CITED_SUBJECT },
    { SPAN_OF("Message subject"), CITED_SUBJECT },
    { SPAN_OF("Original subject"), CITED_SUBJECT },
    { SPAN_OF("Subject of the message"), CITED_SUBJECT },
    { SPAN_OF("Betreff"), CITED_SUBJECT },
    { SPAN_OF("Objet"), CITED_SUBJECT },
    { SPAN_OF("Sujet"), CITED_SUBJECT },
    { SPAN_OF("Asunto"), CITED_SUBJECT },
    { SPAN_OF("Assunto"), CITED_SUBJECT },
    { SPAN_OF("Oggetto"), CITED_SUBJECT },
    { SPAN_OF("Onderwerp"), CITED_SUBJECT },
    { SPAN_OF("Ämne"), CITED_SUBJECT },
    { SPAN_OF("Emne"), CITED_SUBJECT },
    { SPAN_OF("Aihe"), CITED_SUBJECT },
    { SPAN_OF("Temat"), CITED_SUBJECT },
    { SPAN_OF("Předmět"), CITED_SUBJECT },
    { SPAN_OF("Tárgy"), CITED_SUBJECT },
    { SPAN_OF("Konu"), CITED_SUBJECT },
    { SPAN_OF("Тема"), CITED_SUBJECT },
    { SPAN_OF("件名"), CITED_SUBJECT },
    { SPAN_OF("主题"), CITED_SUBJECT },
    { SPAN_OF("主　题"), CITED_SUBJECT },
    { SPAN_OF("邮件主题"), CITED_SUBJECT },
    { SPAN_OF("الموضوع"), CITED_SUBJECT },
    { SPAN_OF("נושא"), CITED_SUBJECT },
    { SPAN_OF("主旨"), CITED_SUBJECT },
    { SPAN_OF("제목"), CITED_SUBJECT },
    { SPAN_OF("To"), CITED_TO },
    { SPAN_OF("An"), CITED_TO },
    { SPAN_OF("À"), CITED_TO },
    { SPAN_OF("Para"), CITED_TO },
    { SPAN_OF("Aan"), CITED_TO },
    { SPAN_OF("宛先"), CITED_TO },
    { SPAN_OF("收件人"), CITED_TO },
    { SPAN_OF("Кому"), CITED_TO },
    { SPAN_OF("받는 사람"), CITED_TO },
    { SPAN_OF("Sent"), CITED_DATE },
    { SPAN_OF("Date"), CITED_DATE },
    { SPAN_OF("The date of the message is"), CITED_DATE },
    { SPAN_OF("The message date was"), CITED_DATE },
    { SPAN_OF("Message date"), CITED_DATE },
    { SPAN_OF("Message-ID"), CITED_MESSAGE_ID },
    { SPAN_OF("Message ID"), CITED_MESSAGE_ID },
    { SPAN_OF("Original-Message-ID"), CITED_MESSAGE_ID },
    { SPAN_OF("X-Original-Message-ID"), CITED_MESSAGE_ID },
    { SPAN_OF("The message identifier was"), CITED_MESSAGE_ID },
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
        span value = value_after(line, labels[i].text);
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
