#!/usr/bin/perl
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
#
# SpamAssassin's part in bench/recognise: its VBounce plugin with that plugin's rules and no other.
# Usage and output are those of recognise.c; the rules name no recipients.
use strict;
use warnings;
use Mail::SpamAssassin;

my $rules = '/usr/share/spamassassin/20_vbounce.cf';
open my $file, '<', $rules or die "vbounce.pl: $rules: $!\n";
# Check is the plugin that runs rules at all; without a list of top-level domains it warns.
my $config = "loadplugin Mail::SpamAssassin::Plugin::Check\n"
    . "loadplugin Mail::SpamAssassin::Plugin::VBounce\n"
    . "util_rb_tld com net org\n" . do { local $/; <$file> };
close $file;
# A relay that none of the mails passed, so that the rules run and excuse nothing.
$config .= "\nwelcomelist_bounce_relays nowhere.invalid\n";
my $spamassassin = Mail::SpamAssassin->new({
    config_text      => $config,
    local_tests_only => 1,
    dont_copy_prefs  => 1,
    userstate_dir    => '/nonexistent',
});
$spamassassin->compile_now(0);

sub is_bounce {
    my ($mail) = @_;
    my $parsed = $spamassassin->parse($mail, 0);
    my $status = $spamassassin->check($parsed);
    my $hit = $status->get_names_of_tests_hit() =~ /\bANY_BOUNCE_MESSAGE\b/ ? 1 : 0;
    $status->finish();
    $parsed->finish();
    return $hit;
}

sub cpu_seconds {
    my ($user, $system) = times;
    return $user + $system;
}

my ($limit) = @ARGV;
my @mails;
while (my $path = <STDIN>) {
    chomp $path;
    open my $mail, '<:raw', $path or die "vbounce.pl: $path: $!\n";
    local $/;
    push @mails, scalar <$mail>;
}
print "answer\t", is_bounce($_), "\t\n" for @mails;
my ($count, $started) = (0, cpu_seconds());
while (cpu_seconds() - $started < $limit) {
    is_bounce($_) for @mails;
    $count += @mails;
}
printf "time\t%d\t%.6f\n", $count, cpu_seconds() - $started;
