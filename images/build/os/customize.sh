#!/bin/sh
# mmdebstrap customize hook: makes an installed Debian into the System Cloud image. $1 is the root; SC_ROOTFS the files laid over it,
# SC_DISABLE the units that only a role starts, SC_BOOT where the boot code goes.
set -eu
root=$1
cp -R --no-preserve=ownership "$SC_ROOTFS/." "$root/"
chmod -R go-w "$root/etc/systemd" "$root/usr/lib/system-cloud"
install -d -m 0700 "$root/etc/system-cloud"

for unit in $SC_DISABLE; do
  [ -e "$root/usr/lib/systemd/system/$unit" ] && chroot "$root" systemctl --quiet disable "$unit"
done
chroot "$root" systemctl --quiet enable systemd-networkd.service systemd-resolved.service systemd-timesyncd.service ssh.service \
  system-cloud-agent.service system-cloud-first-boot.service serial-getty@ttyS0.service
for unit in apt-daily.timer apt-daily-upgrade.timer man-db.timer e2scrub_all.timer e2scrub_reap.service grub-common.service dpkg-db-backup.timer \
  systemd-networkd-persistent-storage.service ldconfig.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# PostgreSQL: the ready cluster stays (initdb takes long on a small machine), without the key that every copy would share.
for conf in "$root"/etc/postgresql/*/main/postgresql.conf; do
  [ -e "$conf" ] || continue
  sed -i -e 's/^ssl = on/ssl = off/' -e 's/^ssl_cert_file/#&/' -e 's/^ssl_key_file/#&/' "$conf"
  echo 'jit = off' >> "$conf"
done
rm -f "$root/etc/ssl/private/ssl-cert-snakeoil.key" "$root/etc/ssl/certs/ssl-cert-snakeoil.pem"

# GRUB for BIOS reads its configuration from the third partition of the disk it was started from.
mkdir -p "$SC_BOOT" "$root/boot/grub" "$root/boot/efi"
chroot "$root" grub-mkimage -O i386-pc -o /tmp/core.img -p '(,gpt3)/boot/grub' \
  biosdisk part_gpt ext2 normal configfile linux search search_fs_uuid test echo ls cat minicmd reboot halt gzio all_video
mv "$root/tmp/core.img" "$SC_BOOT/core.img"
cp "$root/usr/lib/grub/i386-pc/boot.img" "$SC_BOOT/boot.img"
cp "$root/usr/lib/shim/shimx64.efi.signed" "$SC_BOOT/shimx64.efi"
cp "$root/usr/lib/shim/mmx64.efi.signed" "$SC_BOOT/mmx64.efi"
cp "$root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$SC_BOOT/grubx64.efi"

# Identity is made at the first boot and at deploy, never here.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id" "$root/var/lib/systemd/random-seed"
: > "$root/etc/machine-id"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
ln -sf ../run/systemd/resolve/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root"/var/log/*.log "$root"/var/log/apt/* "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old \
  "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"

# Nothing has changed since the build: the first boot need not rebuild the catalog, the hardware database and the linker's cache.
chroot "$root" journalctl --update-catalog
for folder in etc var; do touch "$root/$folder/.updated"; done
