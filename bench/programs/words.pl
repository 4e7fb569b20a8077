# Perl: hashes, regular expressions, sorting, over a text.
my (%count, $doubled, $changed);
while (<>) {
  last if $. > 40000;
  $count{$_}++ for split;
  $doubled++ if /(\w\w)\w*\1/;
  $changed += tr/a-e/A-E/ + s/\b(\w)(\w+)\b/$2$1/g;
}
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 2];
print scalar(keys %count), " $doubled $changed @top\n";
