# A record of /dev/kmsg is `priority,sequence,microseconds,flags;text`; lines that begin with a space are its properties.
/^ / { next }
{
  cut = index($0, ";")
  if (cut == 0) next
  split(substr($0, 1, cut - 1), head, ",")
  text = substr($0, cut + 1)
  level = head[1] % 8
  mark = level <= 3 ? "e" : level == 4 ? "w" : level == 7 ? "d" : "i"
  source = "k"
  if (substr(text, 1, 4) == "sc: ") { source = "r"; text = substr(text, 5) }
  print mark source " " text
  fflush()
}
