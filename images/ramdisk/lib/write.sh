# The image arrives as zstd chunks with the BLAKE2b-512 of each; write-chunks verifies, unpacks and writes them as they come. Nothing on the disk
# can boot until all are written and verified: the boot code of both firmwares is taken away first and comes last.

# fetch_plan: the chunk list into /run/sc/chunks; sets `places`, where its targets are, and `total`, the bytes that it writes.
fetch_plan() {
  fetch_for_order chunks 60 || return $?
  rm -f /run/sc/bios
  truncate -s 1M /run/sc/bios
  places="$(part "$disk" 3) $(part "$disk" 2) /run/sc/bios"
  total=$(write-chunks check /run/sc/chunks $places 2>/run/sc/output) || { why="$(head -n 1 /run/sc/output): nothing was touched"; return 1; }
}

# fetch_chunks: those from chunk $chunks_done on, one after the other over one connection, to standard output.
fetch_chunks() {
  tail -n +$((chunks_done + 1)) /run/sc/chunks | awk -v url="$url/chunks/" '{ print "url = \"" url $1 "\"" }' > /run/sc/urls
  curl -sS --fail --fail-early --retry 3 --connect-timeout 5 --speed-limit 1000 --speed-time 20 -K /run/sc/urls 2>/run/sc/curl.error
}

# Fails with 10 where the order is no longer wanted, and the writer ends because nobody reads what it tells.
report_chunks() {
  while read -r chunks_done written; do
    echo "$chunks_done" > /run/sc/chunks.done
    report running "$written" "$total" "writing $order_image" || return 10
  done
}

# Where the network fails it tries for ever, from the first chunk on that is not written.
write_chunks() {
  chunks_done=0
  while :; do
    fetch_chunks | { write-chunks $chunks_done /run/sc/chunks $places 2>/run/sc/writer.error; echo $? > /run/sc/writer.code; } | report_chunks || return 10
    case $(cat /run/sc/writer.code) in
      0) return 0 ;;
      3) log w "chunks: $(head -n 1 /run/sc/writer.error); $(head -n 1 /run/sc/curl.error)" ;;
      *) why=$(head -n 1 /run/sc/writer.error); [ -n "$why" ] || why="write-chunks ended with $(cat /run/sc/writer.code)"; return 1 ;;
    esac
    chunks_done=$(cat /run/sc/chunks.done)
    sleep 1
  done
}

order_writeImage() {
  find_ordered_disk || return 1
  has_layout "$disk" || { why="$disk is not partitioned for this"; return 1; }
  wait_for_partitions "$disk" && fetch_plan || return $?
  run dd if=/dev/zero of=/dev/$disk bs=440 count=1 conv=notrunc,fsync || return 1
  run dd if=/dev/zero of="$(part "$disk" 1)" bs=1M count=1 conv=notrunc,fsync || return 1
  run dd if=/dev/zero of="$(part "$disk" 2)" bs=1M count=1 conv=notrunc,fsync || return 1
  started=$(cut -d. -f1 /proc/uptime)
  write_chunks || return $?
  write_boot_code || return 1
  log i "$total bytes written and verified in $(($(cut -d. -f1 /proc/uptime) - started)) s"
}

# /run/sc/bios: 512 bytes of boot sector, then what goes to the first partition. The partition table in the first sector stays.
write_boot_code() {
  run dd if=/run/sc/bios of="$(part "$disk" 1)" bs=1M iflag=skip_bytes skip=512 conv=notrunc,fsync || return 1
  run dd if=/run/sc/bios of=/dev/$disk bs=440 count=1 conv=notrunc,fsync
}
