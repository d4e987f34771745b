#!/usr/bin/perl
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Mail::DeliveryStatus::BounceParser's part in bench/recognise. Usage and output are those of
# recognise.c.
use strict;
use warnings;
no warnings 'once';
use Mail::DeliveryStatus::BounceParser;

# It dies on some mail: no answer, not the end of the run.
sub parse {
    my ($mail) = @_;
    my ($is_bounce, @addresses) = (0);
    eval {
        local $SIG{__WARN__} = sub { };
        my $bounce = Mail::DeliveryStatus::BounceParser->new($mail);
        @addresses = grep { defined } $bounce->addresses;
        $is_bounce = $bounce->is_bounce ? 1 : 0;
    };
    return ($is_bounce, @addresses);
}

sub cpu_seconds {
    my ($user, $system) = times;
    return $user + $system;
}

my ($limit) = @ARGV;
my @mails;
while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die "bounceparser.pl: $path: $!\n";
    local $/;
    push @mails, scalar <$file>;
}
for my $mail (@mails) {
    my ($is_bounce, @addresses) = parse($mail);
    my $text = join ',', @addresses;
    $text =~ s/[\x00-\x1f]//g;
    print "answer\t$is_bounce\t$text\n";
}
my ($count, $started) = (0, cpu_seconds());
while (cpu_seconds() - $started < $limit) {
    parse($_) for @mails;
    $count += @mails;
}
printf "time\t%d\t%.6f\n", $count, cpu_seconds() - $started;
