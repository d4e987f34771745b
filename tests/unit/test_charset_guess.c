/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Guessed charsets: sentences as bounces and letters have them, in each charset of their language,
 * by the line and together, and what must stay Windows-1252. */
#include "message/charset_guess.h"

#include "message/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

typedef struct text {
    const char *charsets; /* iconv's names, a space between */
    const char *lines;
} text;

#define BYTES(literal) ((span){ (literal), sizeof(literal) - 1 })

/* A line each tells. */
static const text OTHER_SCRIPTS[] = {
    { "EUC-JP CP932", "宛先のユーザーが見つからないため、メッセージを配信できませんでした。\n"
                      "お手数ですが、アドレスをご確認のうえ、もう一度お送りください。\n"
                      "来週の会議は水曜日の午後三時から本社の二階で行います。\n"
                      "メール配信失敗のお知らせ\n"
                      "ただいま夏季休業中です\n" },
    { "GB18030", "您的邮件未能送达以下收件人，因为该地址不存在。\n"
                 "请检查邮箱地址是否正确，然后重新发送，或者联系管理员。\n"
                 "昨天下午我们在公园里散步，看见很多人在放风筝。\n"
                 "系统退信\n"
                 "我正在休假，下周一回来后会尽快回复您。\n" },
    { "BIG5", "您的郵件無法送達下列收件人，因為該信箱已經滿了。\n"
              "請確認電子郵件地址是否正確，或與系統管理員聯絡。\n"
              "昨天晚上我們全家一起到夜市吃東西，小朋友玩得很高興。\n"
              "郵件傳送失敗通知\n"
              "這是系統自動產生的訊息，請勿直接回覆。\n" },
    { "EUC-KR", "받는 사람의 메일 주소를 찾을 수 없어 메일을 보내지 못했습니다.\n"
                "주소가 올바른지 확인하신 후 다시 보내 주시기 바랍니다.\n"
                "어제는 친구들과 함께 바다에 가서 맛있는 음식을 많이 먹었다.\n"
                "메일 발송 실패 안내\n"
                "지금은 휴가 중이라 답장이 늦어질 수 있습니다.\n" },
    { "KOI8-R CP1251 ISO-8859-5",
      "Сообщение не было доставлено, так как адрес получателя не найден.\n"
      "Почтовый ящик переполнен, попробуйте отправить письмо позднее.\n"
      "Вчера вечером мы гуляли по набережной и смотрели на корабли.\n"
      "Недоставленное письмо\n"
      "ОШИБКА: ПОЛЬЗОВАТЕЛЬ НЕ НАЙДЕН\n" },
    { "KOI8-U CP1251", "Ваше повідомлення не вдалося доставити: такої адреси не існує.\n"
                       "Поштову скриньку одержувача переповнено, спробуйте пізніше.\n"
                       "Я у відпустці, відповім вам у понеділок після повернення.\n" },
    { "CP1251", "Вашето съобщение не можа да бъде доставено до получателя.\n"
                "Пощенската кутия е пълна, моля опитайте отново по-късно.\n" },
    { "CP1253", "Το μήνυμά σας δεν παραδόθηκε, επειδή ο παραλήπτης δεν υπάρχει.\n"
                "Το γραμματοκιβώτιο είναι γεμάτο, δοκιμάστε ξανά αργότερα.\n"
                "Χθες το βράδυ περπατήσαμε στην παραλία και είδαμε τα πλοία.\n"
                "Αποτυχία παράδοσης μηνύματος\n" },
    { "CP1255", "ההודעה שלך לא נמסרה, כי כתובת הנמען אינה קיימת.\n"
                "תיבת הדואר מלאה, נא לנסות שוב מאוחר יותר.\n"
                "אתמול בערב הלכנו לאורך החוף וראינו את האוניות.\n" },
    { "CP1256", "تعذر تسليم رسالتك لأن عنوان المستلم غير موجود.\n"
                "صندوق بريد المستلم ممتلئ، يرجى المحاولة لاحقا.\n"
                "مشينا مساء أمس على الشاطئ وشاهدنا السفن الكبيرة.\n" },
    { "TIS-620", "ไม่สามารถส่งข้อความของคุณได้ เนื่องจากไม่พบที่อยู่ของผู้รับ\n"
                 "กล่องจดหมายของผู้รับเต็ม โปรดลองใหม่อีกครั้งในภายหลัง\n"
                 "เมื่อวานเย็นเราเดินเล่นที่ชายหาดและดูเรือ\n" },
};

/* Latin letters beyond ASCII: only the whole tells. */
static const text OTHER_LATIN[] = {
    { "CP1250 ISO-8859-2", "Wiadomość nie została dostarczona, ponieważ adres nie istnieje.\n"
                           "Skrzynka odbiorcy jest pełna, proszę spróbować później.\n"
                           "Wczoraj wieczorem poszliśmy na długi spacer brzegiem rzeki.\n" },
    { "CP1250 ISO-8859-2",
      "Vaši zprávu se nepodařilo doručit, protože adresa příjemce neexistuje.\n"
      "Poštovní schránka je plná, zkuste to prosím později.\n"
      "Včera večer jsme šli na dlouhou procházku podél řeky.\n" },
    { "CP1250 ISO-8859-2",
      "Az ön üzenetét nem sikerült kézbesíteni, mert a megadott címzett nem "
      "létezik.\n"
      "A címzett postafiókja megtelt, kérjük, próbálja később újra elküldeni.\n"
      "Tegnap este hosszú sétát tettünk a folyóparton, és megnéztük a hajókat.\n"
      "Szabadságon vagyok, hétfőtől leszek újra elérhető, sürgős esetben hívja "
      "a titkárnőt.\n"
      "A rendszergazda által beállított méretkorlátot túllépő levelek "
      "kézbesítése később sem lehetséges, erről külön értesítőt küldünk.\n"
      "Jövő héten, szerdán ötkor időpontot kérő vevők jönnek, őket ültessük "
      "le elöl.\n" },
    { "CP1254", "İletiniz teslim edilemedi, çünkü alıcının adresi bulunamadı.\n"
                "Alıcının posta kutusu dolu, lütfen daha sonra yeniden deneyin.\n"
                "Dün akşam sahilde uzun bir yürüyüş yaptık ve gemileri izledik.\n" },
};

/* All of these stay, by the line and together. */
static const text WESTERN[] = {
    { "CP1252", "Ihre Nachricht konnte nicht zugestellt werden, der Empfänger ist ungültig.\n"
                "Schöne Grüße aus München, wir hören uns nächste Woche für die Übergabe.\n"
                "Größe überschritten: Anhänge dürfen höchstens fünf MB groß sein.\n"
                "ÄNDERUNG DER ÖFFNUNGSZEITEN\n" },
    { "CP1252", "Votre message n'a pas été délivré : l'adresse n'existe plus à ce jour.\n"
                "Je suis absent jusqu'à la rentrée, désolé ; à très bientôt, là où ça vous plaît.\n"
                "« L’élève a créé une œuvre », dit-on. Noël, maïs, août, à ça près.\n"
                "ÉCHEC DE LIVRAISON\n" },
    { "CP1252", "No se pudo entregar su mensaje: la dirección no existe o está mal escrita.\n"
                "¿Cuándo volverá? ¡Mañana estaré de vacaciones, hasta el próximo día 5!\n"
                "El niño comió jamón y bebió un café con su señora en el jardín.\n" },
    { "CP1252", "A sua mensagem não pôde ser entregue: o endereço não existe.\n"
                "Não há informações sobre as condições; atenção às opções de configuração.\n"
                "Amanhã à tarde não estarei cá, irei à praia com os irmãos João e Sebastião.\n" },
    { "CP1252", "Il messaggio non è stato recapitato perché l'indirizzo non è più attivo.\n"
                "Così è la vita: è già tardi, però ne parlerò lunedì in città.\n"
                "C'è più libertà, perché no?\n" },
    { "CP1252", "Ditt meddelande kunde inte levereras på grund av att adressen är okänd.\n"
                "Vi är på semester på en ö i skärgården, återkommer på måndag. Hälsningar från "
                "Åsa och Örjan.\n"
                "åäö ÅÄÖ\n" },
    { "CP1252",
      "Din besked kunne ikke afleveres, fordi modtageren ikke længere findes på serveren.\n"
      "Vær så god at prøve igen om få øjeblikke. Rødgrød med fløde på Ærø.\n"
      "Jeg er på ferie, og svarer når jeg er tilbake på lørdag. Blåbærsyltetøy.\n" },
    { "CP1252",
      "Uw bericht kon niet worden bezorgd; de ontvanger is niet meer bij ons "
      "geïnstalleerd.\n"
      "Eén van de financiële ruïnes, geëist in België: coördinatie van zeeën en ideeën.\n" },
    { "CP1252", "Viestiäsi ei voitu välittää, koska vastaanottajaa ei löydy. Yritä myöhemmin "
                "uudelleen.\n"
                "Hyvää päivää! Söimme eilen järvellä läpi yön paistettua särkeä.\n" },
    { "CP1252", "Ekki tókst að koma bréfinu þínu til skila þar sem móttakandinn er ekki til.\n"
                "Ég er í sumarfríi, því miður. Svara þér þegar ég kem aftur á þriðjudaginn.\n" },
    { "CP1252", "Dear José Núñez, the café in Zürich where Björn met François is closed.\n"
                "Prices from £5 to €20, ½ off at 25°C – “best” offer… © ACME®\n"
                "Łódź is not in this set, but naïve, façade, jalapeño and Ångström are.\n" },
    { "CP1252", "¡¡¡ATENCIÓN!!! ««««»»»» ¤¤¤¤¤ ÀÉÎÕÜ\n"
                "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ\n"
                "·:·:·:·:·:· ©®© ©®© ©®©\n" },
};

/* Whether the text, made unlabelled bytes, comes back the same. */
static void check_text(const char *charset, const char *utf8, size_t len)
{
    gsize bytes_len;
    /* What the charset does not have is left out. */
    g_autofree char *bytes =
        g_convert_with_fallback(utf8, (gssize)len, charset, "UTF-8", "?", NULL, &bytes_len, NULL);
    g_autofree char *expected =
        g_convert(bytes, (gssize)bytes_len, "UTF-8", charset, NULL, NULL, NULL);
    assert_non_null(expected);
    GString *out = g_string_new(NULL);
    charset_to_utf8(SPAN("us-ascii"), (span){ bytes, bytes_len }, out);
    if (strcmp(out->str, expected) != 0) {
        fail_msg("%s guessed as %s: %s", charset, charset_guess_label((span){ bytes, bytes_len }),
                 expected);
    }
    g_string_free(out, TRUE);
}

static void check_rows(const text *rows, size_t count, bool by_line)
{
    for (size_t i = 0; i < count; i++) {
        g_auto(GStrv) charsets = g_strsplit(rows[i].charsets, " ", -1);
        for (char **charset = charsets; *charset != NULL; charset++) {
            span rest = span_from_string(rows[i].lines);
            span line;
            check_text(*charset, rest.ptr, rest.len);
            while (by_line && span_next_line(&rest, &line)) {
                check_text(*charset, line.ptr, line.len);
            }
        }
    }
}

static void test_other_scripts(void **state)
{
    (void)state;
    check_rows(OTHER_SCRIPTS, G_N_ELEMENTS(OTHER_SCRIPTS), true);
}

static void test_other_latin(void **state)
{
    (void)state;
    check_rows(OTHER_LATIN, G_N_ELEMENTS(OTHER_LATIN), false);
}

static void test_western_stays(void **state)
{
    (void)state;
    check_rows(WESTERN, G_N_ELEMENTS(WESTERN), true);
}

static void check_label(span bytes, const char *expected)
{
    assert_string_equal(charset_guess_label(bytes), expected);
}

static void test_little_evidence(void **state)
{
    (void)state;
    check_label(BYTES(""), "windows-1252");
    check_label((span){ NULL, 0 }, "windows-1252");
    check_label(BYTES("only ASCII"), "windows-1252");
    check_label(BYTES("\xE9"), "windows-1252");
    check_label(BYTES("\xC4\xE0"), "windows-1252");                /* Russian "yes" */
    check_label(BYTES("Anton\xEDn Dvo\xF8\xE1k"), "windows-1252"); /* one Czech name */
    check_label(BYTES("\xCF\xF0\xE8\xE2\xE5\xF2"), "windows-1251");
    check_label(BYTES("\xF0\xD2\xC9\xD7\xC5\xD4"), "koi8-r");
    check_label(BYTES("\xA4\xB3\xA4\xF3\xA4\xCB\xA4\xC1\xA4\xCF"), "euc-jp");
    check_label(BYTES("\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD"), "shift_jis");
}

/* UTF-8 that was cut within a character in its middle, as where lines are folded by the byte. */
static void test_broken_utf8(void **state)
{
    (void)state;
    check_label(BYTES("Ваше сообщение не дос\xD1 тавлено получателю"), "utf-8");
    check_label(BYTES("宛先のユーザーが\xE8\xA6 見つかりません"), "utf-8");
    check_label(BYTES("您的邮件未能\xE9\x80 送达收件人"), "utf-8");
    check_label(BYTES("caf\xE9 and na\xC3\xAFve"), "windows-1252");
}

static void test_labels_are_kept(void **state)
{
    GString *out = g_string_new(NULL);
    (void)state;
    /* Russian in KOI8-R under the labels of others. */
    charset_to_utf8(SPAN("iso-8859-1"), BYTES("\xF0\xD2\xC9\xD7\xC5\xD4"), out);
    assert_string_equal(out->str, "ðÒÉ×ÅÔ");
    g_string_truncate(out, 0);
    charset_to_utf8(SPAN("windows-1251"), BYTES("\xF0\xD2\xC9\xD7\xC5\xD4"), out);
    assert_string_equal(out->str, "рТЙЧЕФ");
    g_string_truncate(out, 0);
    charset_to_utf8(SPAN("no-such-charset"), BYTES("\xF0\xD2\xC9\xD7\xC5\xD4"), out);
    assert_string_equal(out->str, "Привет");
    g_string_free(out, TRUE);
}

/* The sample is bounded: what stands behind it changes nothing, and a character cut off at its end
 * does no harm. Under AddressSanitizer this also shows that nothing behind it is read. */
static void test_long_text(void **state)
{
    GString *bytes = g_string_new(NULL);
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        g_string_append(bytes, "\xB5\xC4 \xCA\xC7\xB2\xBB "); /* Chinese: of, is, not */
    }
    for (size_t pad = 0; pad < 4; pad++) { /* so that the sample ends at each of a line's bytes */
        check_label((span){ bytes->str, bytes->len }, "gb18030");
        g_string_prepend(bytes, "x\xCE\xD2");
    }
    for (size_t i = 0; i < 100000; i++) {
        g_string_append(bytes, "caf\xE9 ");
    }
    check_label((span){ bytes->str, bytes->len }, "gb18030");
    g_string_free(bytes, TRUE);
}

/* No charset is seen in noise. */
static void test_noise(void **state)
{
    char bytes[3000];
    unsigned seed = 7;
    (void)state;
    for (size_t round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245U + 12345U;
            bytes[i] = (char)(seed >> 16);
        }
        check_label((span){ bytes, sizeof bytes }, "windows-1252");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_scripts), cmocka_unit_test(test_other_latin),
        cmocka_unit_test(test_western_stays), cmocka_unit_test(test_little_evidence),
        cmocka_unit_test(test_broken_utf8),   cmocka_unit_test(test_labels_are_kept),
        cmocka_unit_test(test_long_text),     cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
