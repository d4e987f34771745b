/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* DKIM-Signature values: what is read of them, and each reason to refuse one. */
#include "proof/dkim_signature.h"

#include "message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#define BODY_HASH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
#define TAIL BODY_HASH " b=c2lnbmF0dXJl"
#define BASE "v=1; a=rsa-sha256; d=our.example; s=sel1; h=from:to; "

static bool reads(const char *value)
{
    dkim_signature s;
    return dkim_signature_read(span_from_string(value), &s);
}

static void test_values(void **state)
{
    (void)state;
    dkim_signature s;
    assert_true(dkim_signature_read(
        SPAN("v=1; a=ed25519-sha256; c=relaxed/simple; d=our.example;\r\n\ts=a.b; "
             "i=x=20y@mail.our.example; q=dns/txt; t=1700000000; x=1700600000; l=12;\r\n"
             "\th=From : To:\r\n\t Subject:from; z=From:x|To:y; unknown=1;\r\n\t" BODY_HASH
             " b=c2ln\r\n\tbmF0 dXJl"),
        &s));
    assert_int_equal(s.algorithm, DKIM_ED25519_SHA256);
    assert_true(s.header_is_relaxed);
    assert_false(s.body_is_relaxed);
    assert_true(span_equal(s.domain, SPAN("our.example")));
    assert_true(span_equal(s.selector, SPAN("a.b")));
    assert_true(span_equal(s.identity, SPAN("x=20y@mail.our.example")));
    assert_true(dkim_signature_is_below(&s));
    assert_true(s.has_time && s.has_expiry && s.has_length);
    assert_int_equal(s.time_sec, 1700000000);
    assert_int_equal(s.expiry_sec, 1700600000);
    assert_int_equal(s.data_len, strlen("signature"));
    assert_memory_equal(s.data, "signature", strlen("signature"));
    assert_int_equal(s.body_hash[0], 0xda);
    assert_true(span_equal(s.data_text, SPAN("c2ln\r\n\tbmF0 dXJl")));
    assert_int_equal(dkim_signed_count(&s, SPAN("FROM")), 2);
    assert_int_equal(dkim_signed_count(&s, SPAN("Subject")), 1);
    assert_int_equal(dkim_signed_count(&s, SPAN("Cc")), 0);
}

static void test_defaults(void **state)
{
    (void)state;
    dkim_signature s;
    assert_true(dkim_signature_read(SPAN(BASE TAIL), &s));
    assert_int_equal(s.algorithm, DKIM_RSA_SHA256);
    assert_false(s.header_is_relaxed || s.body_is_relaxed);
    assert_false(s.has_time || s.has_expiry || s.has_length);
    assert_int_equal(s.identity.len, 0);
    assert_false(dkim_signature_is_below(&s));
    assert_true(dkim_signature_read(SPAN("c=relaxed; " BASE TAIL), &s));
    assert_true(s.header_is_relaxed);
    assert_false(s.body_is_relaxed);
}

static void test_accepted(void **state)
{
    (void)state;
    static const char *const values[] = {
        BASE TAIL ";",
        BASE TAIL " ; \r\n ",
        "a=RSA-SHA256; v=1; d=our.example; s=sel1; h=from; " TAIL,
        BASE "c=Simple/Relaxed; " TAIL,
        BASE "q=something/else; " TAIL,
        BASE "t=0; " TAIL,
        BASE "t=999999999999; " TAIL,
        BASE "t=1; x=2; " TAIL,
        BASE "l=0; " TAIL,
        BASE "i=@our.example; " TAIL,
        BASE "i=@OUR.Example; " TAIL,
        BASE "i=\"a@b\"@deep.mail.our.example; " TAIL,
        "v=1; a=rsa-sha256; d=xn--caf-dma.example; s=_x-1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=caf\xc3\xa9.example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=sel1; h=from::to:; " TAIL,
        BASE "B=x; BH=y; " TAIL,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (!reads(values[i])) {
            fail_msg("refused: %s", values[i]);
        }
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "v=1",
        /* Version, algorithm, canonicalisation. */
        "a=rsa-sha256; d=our.example; s=sel1; h=from; " TAIL,
        "v=2; a=rsa-sha256; d=our.example; s=sel1; h=from; " TAIL,
        "v=1.0; a=rsa-sha256; d=our.example; s=sel1; h=from; " TAIL,
        "v=1; d=our.example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha1; d=our.example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha512; d=our.example; s=sel1; h=from; " TAIL,
        "v=1; a=ed25519-sha1; d=our.example; s=sel1; h=from; " TAIL,
        "v=1; a=; d=our.example; s=sel1; h=from; " TAIL,
        BASE "c=nofws; " TAIL,
        BASE "c=; " TAIL,
        BASE "c=relaxed/; " TAIL,
        BASE "c=relaxed/relaxed/simple; " TAIL,
        /* Domain, selector, identity. */
        "v=1; a=rsa-sha256; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=.our.example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our.example.; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our..example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our.\r\n example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our@example; s=sel1; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=; h=from; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=a/b; h=from; " TAIL,
        BASE "i=; " TAIL,
        BASE "i=our.example; " TAIL,
        BASE "i=x@; " TAIL,
        BASE "i=x@example; " TAIL,
        BASE "i=x@other.example; " TAIL,
        BASE "i=x@your.example; " TAIL,
        BASE "i=x@.our.example; " TAIL,
        BASE "i=x@our.example.other.example; " TAIL,
        /* Signed names: From must be one. */
        "v=1; a=rsa-sha256; d=our.example; s=sel1; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=sel1; h=; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=sel1; h=to:subject; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=sel1; h=x-from:fromage; " TAIL,
        "v=1; a=rsa-sha256; d=our.example; s=sel1; h=:; " TAIL,
        /* Numbers. */
        BASE "t=; " TAIL,
        BASE "t=-1; " TAIL,
        BASE "t=+1; " TAIL,
        BASE "t=0x10; " TAIL,
        BASE "t=1 2; " TAIL,
        BASE "t=1000000000000; " TAIL,
        BASE "x=; " TAIL,
        BASE "x=never; " TAIL,
        BASE "x=99999999999999999999999999; " TAIL,
        BASE "t=5; x=5; " TAIL,
        BASE "t=5; x=4; " TAIL,
        BASE "l=; " TAIL,
        BASE "l=all; " TAIL,
        /* Hashes. */
        BASE BODY_HASH,
        BASE BODY_HASH " b=",
        BASE BODY_HASH " b=****",
        BASE BODY_HASH " b=c2lnbmF0dXJl=",
        BASE BODY_HASH " b=c2ln-mF0dXJl",
        BASE "b=c2lnbmF0dXJl",
        BASE "bh=; b=c2lnbmF0dXJl",
        BASE "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQ=; b=c2lnbmF0dXJl",
        BASE "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8AAA==; b=c2lnbmF0dXJl",
        BASE "bh=not base64!; b=c2lnbmF0dXJl",
        /* Tags twice, and what is no tag. */
        BASE "v=1; " TAIL,
        BASE "t=1; t=2; " TAIL,
        BASE "u=1; u=1; " TAIL,
        BASE TAIL "; b=c2lnbmF0dXJl",
        BASE "; " TAIL,
        BASE TAIL "; and more",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (reads(values[i])) {
            fail_msg("accepted: %s", values[i]);
        }
    }
}

static void test_limits(void **state)
{
    (void)state;
    g_autoptr(GString) value =
        g_string_new("v=1; a=rsa-sha256; d=our.example; s=sel1; " TAIL "; h=from");
    for (unsigned i = 1; i < DKIM_SIGNED_NAMES_MAX; i++) {
        g_string_append(value, ":to");
    }
    assert_true(reads(value->str));
    g_string_append(value, ":to");
    assert_false(reads(value->str));

    g_autofree char *bytes = g_malloc0(DKIM_DATA_BYTES_MAX + 1);
    g_autofree char *longest = g_base64_encode((guchar *)bytes, DKIM_DATA_BYTES_MAX);
    g_autofree char *longer = g_base64_encode((guchar *)bytes, DKIM_DATA_BYTES_MAX + 1);
    g_autofree char *good = g_strconcat(BASE BODY_HASH "b=", longest, NULL);
    g_autofree char *bad = g_strconcat(BASE BODY_HASH "b=", longer, NULL);
    assert_true(reads(good));
    assert_false(reads(bad));

    g_autofree char *blanks = g_strnfill(64 * 1024, ' ');
    g_autofree char *wide = g_strconcat(BASE TAIL, blanks, NULL);
    assert_false(reads(wide));
}

/* The domain of signatures that cannot be checked here is still theirs. */
static void test_domain_alone(void **state)
{
    (void)state;
    static const struct {
        const char *value, *domain, *selector;
    } cases[] = {
        { BASE TAIL, "our.example", "sel1" },
        { "v=1; a=rsa-sha1; d= our.example ; s=sel1", "our.example", "sel1" },
        { "v=1; v=1; d=our.example", "our.example", "" },
        { "junk; more junk; d=our.example; s=x", "our.example", "x" },
        { "d=our.example; d=other.example", "our.example", "" },
        { "bd=our.example", "", "" },
        { "", "", "" },
        { ";;;", "", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        span selector, domain = dkim_signature_domain(span_from_string(cases[i].value), &selector);
        assert_true(span_equal(domain, span_from_string(cases[i].domain)));
        assert_true(span_equal(selector, span_from_string(cases[i].selector)));
    }
}

static void test_the_only(void **state)
{
    (void)state;
    span text = SPAN("From: a@our.example\nTo: b@remote.example\nto: c@remote.example\n"
                     "Cc: d@remote.example\n\n");
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    header_shape shape;
    unsigned count = reader_header_block(&text, '\n', fields, 100, &shape);
    field_block header = { fields, 0, count };
    dkim_signature s;
    assert_true(dkim_signature_read(SPAN("v=1; a=rsa-sha256; d=our.example; s=sel1; "
                                         "h=FROM:to:to:subject; " TAIL),
                                    &s));
    assert_true(dkim_signs_the_only(&s, header, "From"));
    assert_false(dkim_signs_the_only(&s, header, "To"));      /* two */
    assert_false(dkim_signs_the_only(&s, header, "Cc"));      /* not signed */
    assert_false(dkim_signs_the_only(&s, header, "Subject")); /* none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),   cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_domain_alone),
        cmocka_unit_test(test_the_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
