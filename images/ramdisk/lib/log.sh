# All lines go through the kernel's log: it never blocks, it keeps the order, and its ring holds what the appliance has not read yet.

# log LEVEL TEXT: one line; LEVEL is e, w, i or d.
log() {
  case $1 in e) set -- 3 "$2" ;; w) set -- 4 "$2" ;; d) set -- 7 "$2" ;; *) set -- 6 "$2" ;; esac
  printf '<%s>sc: %s\n' "$1" "$2" > /dev/kmsg
}

# log_file LEVEL FILE: each line of a file.
log_file() {
  while IFS= read -r log_line || [ -n "$log_line" ]; do [ -z "$log_line" ] || log "$1" "$log_line"; done < "$2"
}

# A reader of /dev/kmsg fills a pipe for ever; curl sends the pipe as one request without end. Where the appliance is away the pipe
# fills, the reader waits, and nobody else does.
start_log_stream() {
  mkfifo /run/sc/log.pipe
  (
    exec 4<>/run/sc/log.pipe
    cat /dev/kmsg | awk -f /lib/system-cloud/kmsg.awk > /run/sc/log.pipe &
    while :; do
      curl -sS -o /dev/null -X POST -T - -H 'Expect:' -H 'Content-Type: text/plain' "$url/log/$mac" <&4 2>/dev/null
      sleep 2
    done
  ) &
}

# run COMMAND...: its output goes to the log; where it fails, `why` is the line that explains it.
run() {
  log d "+ $*"
  "$@" > /run/sc/output 2>&1
  run_code=$?
  if [ $run_code = 0 ]; then log_file d /run/sc/output; return 0; fi
  log_file e /run/sc/output
  why="$1: $(grep -v '^[[:space:]]*$' /run/sc/output | tail -n 1)"
  [ "$why" != "$1: " ] || why="$1 ended with $run_code"
  return $run_code
}
