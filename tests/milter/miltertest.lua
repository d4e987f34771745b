-- SPDX-FileCopyrightText: The Backstop authors
-- SPDX-License-Identifier: BSD-2-Clause
-- A script for OpenDKIM's miltertest, started by test_miltertest.py: a mail of ours goes out, a
-- notice about it comes back, and one about a mail that somebody else sent.
--
-- Usage: miltertest -D milter=SOCKET -D internal=IP -D stranger=IP -s miltertest.lua
--
-- internal: a client of our network; stranger: one that is not.

local now = os.date("!%a, %d %b %Y %H:%M:%S +0000")

local function must(what, problem)
    if problem ~= nil then
        error(what .. ": " .. problem)
    end
end

local function expect(what, found, expected)
    if found ~= expected then
        error(what .. ": " .. tostring(found) .. " instead of " .. tostring(expected))
    end
end

-- A client that has said who it is.
local function connect(address)
    local conn = mt.connect(milter, 100, 0.1)
    if conn == nil then
        error("nobody listens at " .. milter)
    end
    must("negotiate", mt.negotiate(conn, nil, nil, nil))
    must("conninfo", mt.conninfo(conn, "client.test", address))
    -- It does without this step.
    expect("no HELO", mt.test_option(conn, SMFIP_NOHELO), true)
    return conn
end

-- What the milter answers before the body.
local function begin(conn, sender, recipient, fields)
    mt.macro(conn, SMFIC_MAIL, "i", "4MILTERTEST")
    must("mailfrom", mt.mailfrom(conn, sender))
    must("rcptto", mt.rcptto(conn, recipient))
    for _, field in ipairs(fields) do
        must(field[1], mt.header(conn, field[1], field[2]))
    end
    must("eoh", mt.eoh(conn))
    return mt.getreply(conn)
end

-- What it answers in the end.
local function finish(conn, body)
    must("bodystring", mt.bodystring(conn, body))
    must("eom", mt.eom(conn))
    return mt.getreply(conn)
end

local function offer(id, recipient)
    return {
        { "From", "Alice <alice@our.example>" },
        { "To", recipient },
        { "Subject", "Offer" },
        { "Date", now },
        { "Message-ID", "<" .. id .. "@our.example>" },
        { "X-Mailer", "Example 1" },
    }
end

local function write(fields)
    local lines = {}
    for i, field in ipairs(fields) do
        lines[i] = field[1] .. ": " .. field[2] .. "\r\n"
    end
    return table.concat(lines)
end

-- The text of a notice that returns a header, of a mail to that recipient that came from that host.
local function notice(header, recipient, host)
    return "--b1\r\n\r\nYour message could not be delivered to one or more recipients.\r\n\r\n" ..
        "<" .. recipient .. ">: unknown user\r\n\r\n" ..
        "--b1\r\nContent-Type: message/delivery-status\r\n\r\n" ..
        "Reporting-MTA: dns; mx.remote.example\r\n\r\n" ..
        "Final-Recipient: rfc822; " .. recipient .. "\r\nAction: failed\r\nStatus: 5.1.1\r\n" ..
        "Diagnostic-Code: X-Postfix; unknown user\r\n\r\n" ..
        "--b1\r\nContent-Type: text/rfc822-headers\r\n\r\n" ..
        "Return-Path: <alice@our.example>\r\n" ..
        "Received: from " .. host .. "\r\n\tby mx.remote.example with ESMTP id 4F;\r\n\t" ..
        now .. "\r\n" .. header .. "\r\n--b1--\r\n"
end

local notice_fields = {
    { "From", "MAILER-DAEMON@mx.remote.example (Mail Delivery System)" },
    { "To", "alice@our.example" },
    { "Subject", "Undelivered Mail Returned to Sender" },
    { "Date", now },
    { "Message-ID", "<dsn@mx.remote.example>" },
    { "Auto-Submitted", "auto-replied" },
    { "MIME-Version", "1.0" },
    { "Content-Type", 'multipart/report; report-type=delivery-status; boundary="b1"' },
}

-- A mail of ours gets a tag, which is returned.
local function send_ours(sent)
    local conn = connect(internal)
    expect("ours, its header", begin(conn, "<alice@our.example>", "<nobody@remote.example>", sent),
        SMFIR_CONTINUE)
    expect("ours, its end", finish(conn, "An offer.\r\n"), SMFIR_ACCEPT)
    expect("ours: a verdict", mt.eom_check(conn, MT_HDRINSERT, "Backstop-Verdict"), false)
    local tag = mt.getheader(conn, "Backstop-Tag", 0)
    if tag == nil or string.sub(tag, 1, 4) ~= "v=1;" then
        error("ours: it has the tag " .. tostring(tag))
    end
    mt.disconnect(conn)
    return tag
end

-- The same of a stranger gets none, for nothing more of it is asked for.
local function send_strangers()
    local conn = connect(stranger)
    local taken = offer("taken", "bob@our.example")
    expect("a stranger's", begin(conn, "<alice@our.example>", "<bob@our.example>", taken),
        SMFIR_ACCEPT)
    mt.disconnect(conn)
end

-- A notice about ours is marked.
local function bring_genuine(conn, header)
    local text = notice(header, "nobody@remote.example",
        "mx.our.example (mx.our.example [192.0.2.5])")
    expect("genuine, its header", begin(conn, "<>", "<alice@our.example>", notice_fields),
        SMFIR_CONTINUE)
    expect("genuine, its end", finish(conn, text), SMFIR_ACCEPT)
    local verdict = mt.getheader(conn, "Backstop-Verdict", 0)
    if verdict == nil or
        string.find(verdict, "genuine; confidence=proven; by=tag", 1, true) == nil then
        error("genuine: it has the verdict " .. tostring(verdict))
    end
end

-- One about a mail that we did not send is refused.
local function bring_forged(conn, header)
    local text = notice(header, "victim@remote.example",
        "dsl.forger.test (dsl.forger.test [203.0.113.66])")
    expect("forged, its header", begin(conn, "<>", "<alice@our.example>", notice_fields),
        SMFIR_CONTINUE)
    expect("forged, its end", finish(conn, text), SMFIR_REPLYCODE)
    expect("forged: its reply", mt.eom_check(conn, MT_SMTPREPLY, "550", "5.7.1",
        "This is a notice about a message that we did not send"), true)
    expect("forged: a field", mt.eom_check(conn, MT_HDRINSERT), false)
end

local function run()
    local sent = offer("sent", "nobody@remote.example")
    local tag = send_ours(sent)
    send_strangers()
    -- Both on one connection.
    local conn = connect(stranger)
    bring_genuine(conn, write({ { "Backstop-Tag", tag } }) .. write(sent))
    bring_forged(conn, write(offer("forged", "victim@remote.example")))
    mt.disconnect(conn)
end

-- By itself, miltertest ends without a word.
local is_done, problem = pcall(run)
mt.echo(is_done and "done" or problem)
os.exit(is_done)
