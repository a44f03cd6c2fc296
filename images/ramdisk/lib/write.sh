# The image arrives as zstd chunks with the BLAKE2b-512 of each. Nothing on the disk can boot until all are written and verified: the boot
# code of both firmwares is taken away first and comes last.

# Two batches lie in memory at once, of chunks of 4 MiB at most. Fewer batches start fewer programs.
choose_batch_size() {
  batch_size=$(awk '$1 == "MemAvailable:" { n = int($2 / 20480); if (n < 4) n = 4; if (n > 80) n = 80; print n }' /proc/meminfo)
}

# target DISK NAME: the device a chunk goes to.
target() { case $2 in esp) part "$1" 2 ;; root) part "$1" 3 ;; bios) echo /run/sc/bios ;; esac; }

# Chunks lie in large pages where the kernel has them: to find a page of 4 KiB costs a small machine more than to fill it.
open_batches() {
  mkdir -p /run/sc/batches
  grep -q ' /run/sc/batches ' /proc/mounts || mount -t tmpfs -o nosuid,nodev,noexec,mode=0700,huge=always batches /run/sc/batches 2>/dev/null || log i 'no large pages for the chunks'
}

# fetch_batch N: the chunks of batch N into /run/sc/batches/N, each with the hash it must have; tries for ever. It stands
# back behind the decoder, which every packet would interrupt on a machine with one processor.
fetch_batch() {
  aside='chrt -i 0'
  dir=/run/sc/batches/$1
  mkdir -p $dir
  awk -v dir=$dir '!seen[$1]++ { print $1 "  " dir "/" $1 }' /run/sc/plan.$1 > $dir/sums
  cp $dir/sums $dir/wanted
  while :; do
    awk -v url="$url/chunks/" '{ print "url = \"" url $1 "\"\noutput = \"" $2 "\"" }' $dir/wanted > $dir/curl
    $aside curl -sS --fail --retry 3 --connect-timeout 5 --speed-limit 1000 --speed-time 20 -K $dir/curl 2>$dir/error
    if $aside b2sum -c $dir/sums > $dir/checked 2>/dev/null; then : > $dir/ready; return; fi
    log w "chunks: $(head -n 1 $dir/error) fetching again what is missing or damaged"
    sed -n 's/: FAILED.*//p' $dir/checked > $dir/failed
    xargs rm -f < $dir/failed
    awk 'NR == FNR { failed[$0] = 1; next } $2 in failed' $dir/failed $dir/sums > $dir/wanted
    sleep 1
  done
}

# write_batch N DISK: chunks that lie side by side go through one decoder and one writer, by a pipe that holds 16 times what pipes hold.
# The writer waits until it is full: with each change from one to the other the processor forgets where memory is.
write_batch() {
  # The plan is gathered into lines `target offset file...`.
  awk -v dir="/run/sc/batches/$1" '{ if ($5 != target || $3 != next_offset) { if (line != "") print line; line = $5 " " $3 }
    line = line " " dir "/" $1; target = $5; next_offset = $3 + $4 } END { print line }' /run/sc/plan.$1 > /run/sc/runs
  while read -r place offset files; do
    zstd -dcq$decoder $files 2>/run/sc/zstd.error | chrt -b 0 pipesz -q -i -s 1048576 dd of="$(target "$2" $place)" bs=4M iflag=fullblock oflag=seek_bytes$direct seek=$offset conv=notrunc 2>/run/sc/dd.error ||
      { why="dd: $(head -n 1 /run/sc/dd.error)"; return 1; }
    [ -s /run/sc/zstd.error ] && { why="$(head -n 1 /run/sc/zstd.error)"; return 1; }
  done < /run/sc/runs
  rm -rf /run/sc/batches/$1
  return 0
}

fetch_plan() {
  fetch_for_order chunks 60 || return $?
  awk -v root="$(blockdev --getsize64 "$(part "$disk" 3)")" -v esp="$(blockdev --getsize64 "$(part "$disk" 2)")" '
    BEGIN { room["root"] = root; room["esp"] = esp; room["bios"] = 1048576 }
    NF != 5 || $1 !~ /^[0-9a-f]+$/ || length($1) != 128 || ($2 $3 $4) !~ /^[0-9]+$/ || !($5 in room) || $3 + $4 > room[$5] { print "line " NR; exit 1 }
    { seen[$5] = 1 } END { if (!seen["root"] || !seen["esp"] || !seen["bios"]) print "root, esp or bios is missing" }' /run/sc/chunks > /run/sc/output 2>&1
  if [ -s /run/sc/output ]; then why="the chunk list does not fit this disk: $(head -n 1 /run/sc/output)"; return 1; fi
  # Root first, boot code last.
  { grep ' root$' /run/sc/chunks; grep ' esp$' /run/sc/chunks; grep ' bios$' /run/sc/chunks; } > /run/sc/sorted
  choose_batch_size
  open_batches
  rm -rf /run/sc/plan.* /run/sc/batches/*
  awk -v size=$batch_size '{ print > ("/run/sc/plan." int((NR - 1) / size)) }' /run/sc/sorted
  batches=$((($(wc -l < /run/sc/sorted) + batch_size - 1) / batch_size))
  total=$(awk '{ t += $4 } END { printf "%.0f", t }' /run/sc/sorted)
}

order_writeImage() {
  find_ordered_disk || return 1
  has_layout "$disk" || { why="$disk is not partitioned for this"; return 1; }
  wait_for_partitions "$disk" && fetch_plan || return $?
  run dd if=/dev/zero of=/dev/$disk bs=440 count=1 conv=notrunc,fsync || return 1
  run dd if=/dev/zero of="$(part "$disk" 1)" bs=1M count=1 conv=notrunc,fsync || return 1
  run dd if=/dev/zero of="$(part "$disk" 2)" bs=1M count=1 conv=notrunc,fsync || return 1
  direct=,direct
  dd if=/dev/zero of="$(part "$disk" 3)" bs=4M count=1 oflag=direct conv=notrunc >/dev/null 2>&1 || direct=
  # A second thread of the decoder only costs where one processor runs both.
  decoder= pause=5
  [ "$(nproc)" = 1 ] && decoder=' --no-asyncio' pause=10
  rm -f /run/sc/bios
  started=$(cut -d. -f1 /proc/uptime) written=0 told=0 batch=0
  fetch_batch 0
  while [ $batch -lt $batches ]; do
    fetcher=
    if [ $((batch + 1)) -lt $batches ]; then fetch_batch $((batch + 1)) & fetcher=$!; fi
    grep -q ' bios$' /run/sc/plan.$batch && direct=
    bytes=$(awk '{ t += $4 } END { printf "%.0f", t }' /run/sc/plan.$batch)
    write_batch $batch "$disk" || { failed_why=$why; [ -z "$fetcher" ] || { kill $fetcher; wait $fetcher; } 2>/dev/null; why=$failed_why; return 1; }
    written=$((written + bytes)) now=$(cut -d. -f1 /proc/uptime)
    # A request over TLS costs a small machine as much as some megabytes of writing.
    if [ $((now - told)) -ge $pause ]; then
      told=$now
      report running $written $total "writing $order_image" || { [ -z "$fetcher" ] || { kill $fetcher; wait $fetcher; } 2>/dev/null; return 10; }
    fi
    [ -z "$fetcher" ] || wait $fetcher
    batch=$((batch + 1))
  done
  sync
  write_boot_code || return 1
  log i "$total bytes written and verified in $(($(cut -d. -f1 /proc/uptime) - started)) s"
}

# /run/sc/bios: 512 bytes of boot sector, then what goes to the first partition. The partition table in the first sector stays.
write_boot_code() {
  run dd if=/run/sc/bios of="$(part "$disk" 1)" bs=512 skip=1 conv=notrunc,fsync || return 1
  run dd if=/run/sc/bios of=/dev/$disk bs=440 count=1 conv=notrunc,fsync
}
