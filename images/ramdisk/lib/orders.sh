# Asks for an order, carries it out, says how it went; for ever.

# order_value KEY: of the order as it was read; only what cannot surprise a shell or a file name passes.
order_value() { sed -n "s/^$1=//p" /run/sc/order | head -n 1; }
plain() { case $1 in '' | *[!A-Za-z0-9._:-]*) return 1 ;; esac; }

# Sets order_*; `disk=IDENTITY name=... sizeSectors=...` may stand on one line or on several.
read_order() {
  sed -n 's/^disk=\(.*\) name=\([^ ]*\) sizeSectors=\([0-9]*\).*/disk=\1\nsizeSectors=\3/;p' /run/sc/answer | tr -d '\r' > /run/sc/order
  order_id=$(order_value id) order_kind=$(order_value kind) order_generation=$(order_value generation)
  order_machine=$(order_value machine) order_uuid=$(order_value uuid)
  order_identity=$(order_value disk) order_sectors=$(order_value sizeSectors) order_serial=$(order_value serial) order_wwn=$(order_value wwn)
  order_keepData=$(order_value keepData) order_image=$(order_value image) order_rootUuid=$(order_value rootUuid) order_efi=$(order_value efi) order_full=$(order_value full)
  plain "$order_id" || { log e "an order without a usable id"; return 1; }
  case $order_rootUuid in *[!0-9a-f-]*) log e "order $order_id: rootUuid is not a UUID"; order_rootUuid= ;; esac
}

own_macs() { for name in $(interfaces); do cat /sys/class/net/$name/address; done; }

# meant_for_us: whether the order names this very machine and no older wish than one that was heard here. Sets `why` where not.
meant_for_us() {
  own_uuid=$(trimmed /sys/class/dmi/id/product_uuid 2>/dev/null | tr 'A-F' 'a-f')
  case $order_generation in '' | *[!0-9]*) why='the order names no generation: nothing was touched'; return 1 ;; esac
  if ! own_macs | grep -qxF "$order_machine"; then why="the order is for the machine '$order_machine', and this is $(own_macs | tr '\n' ' '): nothing was touched"; return 1; fi
  if [ -n "$order_uuid" ] && [ "$order_uuid" != "$own_uuid" ]; then why="the order is for the machine with UUID '$order_uuid', and this is $own_uuid: nothing was touched"; return 1; fi
  newest=$(cat /run/sc/generation 2>/dev/null || echo 0)
  if [ "$order_generation" -lt "$newest" ]; then why="the order is of generation $order_generation, and generation $newest was heard of: nothing was touched"; return 1; fi
  echo "$order_generation" > /run/sc/generation
}

carry_out() {
  why= leave=
  case $order_kind in
    partitionDisk | writeImage | configureSystem | bootDisk | eraseDisk | reboot | poweroff) ;;
    *) report failed '' '' "this ramdisk knows no order '$order_kind'"; return ;;
  esac
  meant_for_us || { log e "order $order_id: $why"; report failed '' '' "$why"; return; }
  if [ "$order_kind" = configureSystem ] && [ ${#order_rootUuid} != 36 ]; then report failed '' '' 'the order has no root UUID'; return; fi
  # An answer that got lost: the work is not done twice.
  if [ -e /run/sc/finished/$order_id ]; then report done '' '' 'was done before'; return; fi
  log i "order $order_id: $order_kind, generation $order_generation"
  total=
  report running '' '' '' || return
  began=$(cut -d. -f1 /proc/uptime)
  order_$order_kind
  result=$?
  case $result in
    0)
      : > /run/sc/finished/$order_id
      log i "order $order_id: $order_kind done in $(($(cut -d. -f1 /proc/uptime) - began)) s"
      report done "$total" "$total" ''
      [ -z "$leave" ] || leave_now
      ;;
    10) log w "order $order_id: $order_kind stopped" ;;
    *)
      log e "order $order_id: $order_kind failed: $why"
      unmount_all
      report failed '' '' "$why"
      ;;
  esac
}

serve_orders() {
  polls=0
  while :; do
    asked=$(cut -d. -f1 /proc/uptime)
    code=$(api 40 "/ramdisk/$mac/order")
    case $code in
      200) read_order && carry_out || sleep 2 ;;
      204)
        polls=$((polls + 1))
        [ "$(cut -d. -f1 /proc/uptime)" != "$asked" ] || sleep 1
        if [ $polls -le 3 ] || [ $((polls % 12)) = 0 ] || [ -e /run/sc/facts.stale ]; then rm -f /run/sc/facts.stale; refresh_facts; fi
        ;;
      # Forgotten, or not known yet: the appliance counts its wishes anew.
      401 | 404) rm -f /run/sc/generation; post_facts ;;
      409) log w "held: $(head -c 300 /run/sc/answer | tr '\n' ' ')"; sleep 10 ;;
      *) sleep 3 ;;
    esac
  done
}
