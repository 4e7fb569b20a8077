# awk: fields, arrays, strings, over a text.
{ for (i = 1; i <= NF; i++) { count[$i]++; letters += length($i) } if ($0 ~ /ee.*(ta|in)s/) found++ }
END { for (word in count) if (count[word] > most) { most = count[word]; best = word }; print NR, letters, found, best, most }
