# Clearing a disk for good, and looking whether it is clear.

# wipe_signatures: of each partition of `disk`, then of the disk.
wipe_signatures() {
  for path in /sys/block/$disk/$disk*; do [ -d "$path" ] && run wipefs -a -f "/dev/${path##*/}"; done
  run wipefs -a -f /dev/$disk
}

# overwrite FIRST COUNT: mebibytes of `disk` with zeros, past every cache.
overwrite() { run dd if=/dev/zero of=/dev/$disk bs=1M seek=$1 count=$2 oflag=direct conv=notrunc; }

# Secure discard where the disk knows it, else discard, else nothing: neither promises zeros, so what would bring the old system back is
# overwritten as well: all signatures, the first and the last 16 MiB, everything where `full` asks for it.
order_eraseDisk() {
  find_ordered_disk || return 1
  mib=$(($(cat /sys/block/$disk/size) / 2048))
  starts=$(cat /sys/block/$disk/$disk*/start 2>/dev/null)
  wipe_signatures || return 1
  if [ "$(cat /sys/block/$disk/queue/discard_max_bytes 2>/dev/null || echo 0)" = 0 ]; then discarded='does not discard'
  elif blkdiscard -f -s /dev/$disk 2>/dev/null; then discarded='was discarded securely'
  elif run blkdiscard -f /dev/$disk; then discarded='was discarded'
  else discarded='did not discard'; fi
  log i "$disk $discarded"
  if [ "$order_full" = 1 ]; then
    at=0
    while [ $at -lt $mib ]; do
      count=$((mib - at > 512 ? 512 : mib - at))
      overwrite $at $count || return 1
      at=$((at + count))
      report running $((at * 1048576)) $((mib * 1048576)) "overwriting $disk" || return $?
    done
  fi
  overwrite 0 $((mib > 16 ? 16 : mib)) && overwrite $((mib > 16 ? mib - 16 : 0)) $((mib > 16 ? 16 : mib)) || return 1
  # What is left behind the last whole mebibyte: the backup of a GPT lies there.
  rest=$(($(cat /sys/block/$disk/size) - mib * 2048))
  [ $rest = 0 ] || run dd if=/dev/zero of=/dev/$disk bs=512 seek=$((mib * 2048)) count=$rest conv=notrunc,fsync || return 1
  run blockdev --flushbufs /dev/$disk
  run blockdev --rereadpt /dev/$disk
  verify_erased || return 1
  log i "$disk is erased: it $discarded, and no signature is left on it"
}

# verify_erased: reads the disk as a stranger would, at its beginning and where its partitions began.
verify_erased() {
  for start in 0 $starts; do
    # Status 2: nothing was found there.
    blkid -p -O $((start * 512)) /dev/$disk > /run/sc/output 2>&1
    [ $? = 2 ] || { why="$disk still shows something at sector $start: $(head -c 200 /run/sc/output)"; return 1; }
  done
  left=$(wipefs --noheadings -i /dev/$disk 2>/dev/null | head -n 1)
  [ -z "$left" ] || { why="$disk still has a signature: $left"; return 1; }
}
