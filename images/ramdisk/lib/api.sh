# Requests to the appliance over TLS, checked against its own CA. The session secret is in a file, never on a command line.

make_session() {
  umask 077
  printf 'Authorization: Bearer %s\n' "$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" > /run/sc/session
}

# api SECONDS PATH [curl arguments]: prints the HTTP status, 000 where there was no answer; the body goes to /run/sc/answer.
api() {
  api_seconds=$1 api_path=$2
  shift 2
  curl -sS --cacert /etc/system-cloud/ca.pem -H @/run/sc/session -H 'Expect:' --connect-timeout 5 -m "$api_seconds" \
    -o /run/sc/answer -w '%{http_code}' "$@" "$tls$api_path" 2>/run/sc/api.error || { [ -s /run/sc/api.error ] && log w "$(head -n 1 /run/sc/api.error)"; return 1; }
}

# fetch_for_order NAME SECONDS: what the order comes with, into /run/sc/NAME; six tries. Fails with 10 where the order is no longer wanted.
fetch_for_order() {
  for try in 1 2 3 4 5 6; do
    code=$(api "$2" "/ramdisk/$mac/orders/$order_id/$1")
    case $code in
      200) mv /run/sc/answer "/run/sc/$1"; return ;;
      410) return 10 ;;
    esac
    log w "$1: answer $code"
    sleep 3
  done
  why="the appliance gave no $1 for this order: answer $code"
  return 1
}

# Tries for ever: a machine that cannot tell what it is must not give up.
post_facts() {
  pause=1
  while :; do
    code=$(api 15 "/ramdisk/$mac/facts" -H 'Content-Type: text/plain' --data-binary @/run/sc/facts)
    [ "$code" = 204 ] && return 0
    log w "facts: answer $code $(head -c 300 /run/sc/answer 2>/dev/null | tr '\n' ' ')"
    sleep $pause
    [ $pause -lt 8 ] && pause=$((pause * 2))
  done
}

# report STATUS DONE TOTAL DETAIL: fails with 10 where the order is no longer wanted. Only a final status insists on being heard.
report() {
  printf 'status=%s\nbytesDone=%s\nbytesTotal=%s\ndetail=%s\n' "$1" "$2" "$3" "$(printf '%s' "$4" | tr '\n' ' ' | head -c 1000)" > /run/sc/report
  while :; do
    code=$(api 15 "/ramdisk/$mac/orders/$order_id" -H 'Content-Type: text/plain' --data-binary @/run/sc/report)
    case $code in
      2*) return 0 ;;
      410) log w "order $order_id is no longer wanted"; return 10 ;;
      401) post_facts ;;
      404 | 400) log e "report: answer $code"; return 0 ;;
    esac
    [ "$1" = running ] && return 0
    sleep 2
  done
}
