# A service that cooperates with nobody: it dies at once when it is told to stop, in the middle of whatever it does.
# DROPS=10: of ten answers one breaks off in the middle.
use strict; use IO::Socket::INET; use POSIX ();
my $version = $ENV{VERSION} // '?';
my $drops = $ENV{DROPS} || 0;
my $accepted = 0;
my $parent = $$;
setpgrp(0, 0);
$SIG{TERM} = sub { $SIG{TERM} = 'IGNORE'; kill 'KILL', -getpgrp() if $$ == $parent; POSIX::_exit(143) };
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalPort => 8000, Listen => 512, ReuseAddr => 1) or die $!;
while (1) {
  my $client = $server->accept or next;
  $accepted++;
  my $pid = fork;
  if ($pid) { close $client; next }
  $SIG{TERM} = 'DEFAULT';
  close $server;
  $client->autoflush(1);
  my $answered = 0;
  while (defined(my $line = <$client>)) {
    my ($method, $path) = split / /, $line;
    my $length = 0;
    while (defined(my $header = <$client>)) {
      last if $header =~ /^\r?\n$/;
      $length = $1 if $header =~ /^content-length:\s*(\d+)/i;
    }
    read $client, my $body, $length if $length;
    select undef, undef, undef, 0.08 unless $path eq '/healthz';
    my $status = $path eq '/broken' ? '500 Broken' : '200 OK';
    my $breaks = $drops && $path ne '/healthz' && ($accepted + $answered++) % $drops == 0 ? 1 : 0;
    my $text = $method eq 'HEAD' ? '' : "$version $length\n";
    print $client "HTTP/1.1 $status\r\nContent-Length: " . (length($text) + $breaks) . "\r\nX-Version: $version\r\n\r\n$text";
    last if $breaks;
  }
  POSIX::_exit(0);
}
