# blkid's `KEY=value` blocks, one per device, to one line per disk: `vda<TAB>gpt: 2 vfat SC-ESP, 3 ext4 sc-root` or `vda<TAB>blank`.
function flush_device(   words) {
  if (device == "") return
  sub(/^\/dev\//, "", device)
  if (f["TYPE"] != "") words = f["TYPE"]; else words = ""
  if (f["LABEL"] != "") words = words " " f["LABEL"]; else if (f["PART_ENTRY_NAME"] != "") words = words " " f["PART_ENTRY_NAME"]
  sub(/^ /, "", words)
  whole[device] = f["PTTYPE"]
  said[device] = words
  number[device] = f["PART_ENTRY_NUMBER"]
  order[++count] = device
  device = ""
  split("", f)
}
/^DEVNAME=/ { flush_device(); device = substr($0, 9); next }
/=/ { cut = index($0, "="); value = substr($0, cut + 1); gsub(/[^ -~]|\\/, " ", value); f[substr($0, 1, cut - 1)] = value }
END {
  flush_device()
  many = split(disks, names, " ")
  for (i = 1; i <= many; i++) {
    name = names[i]
    line = said[name]
    if (whole[name] != "") {
      line = whole[name] ":"
      first = 1
      for (j = 1; j <= count; j++) {
        d = order[j]
        if (d == name || index(d, name) != 1 || substr(d, length(name) + 1) !~ /^p?[0-9]+$/) continue
        line = line (first ? " " : ", ") number[d] (said[d] == "" ? "" : " " said[d])
        first = 0
      }
      if (first) line = line " no partitions"
    }
    print name "\t" (line == "" ? "blank" : substr(line, 1, 400))
  }
}
