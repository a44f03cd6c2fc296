import { defineOsImage } from './image.ts'

/** What every Debian image has: boot code for both firmwares, network, SSH, time, Node for the agent. */
export const debianBase = [
  'linux-image-amd64', 'initramfs-tools', 'zstd', 'busybox', 'kmod', 'udev', 'systemd-sysv', 'systemd-resolved', 'systemd-timesyncd', 'dbus',
  'grub-common', 'grub-pc-bin', 'grub-efi-amd64-bin', 'grub-efi-amd64-signed', 'shim-signed', 'shim-helpers-amd64-signed', 'efibootmgr',
  'e2fsprogs', 'dosfstools', 'iproute2', 'iputils-ping', 'ethtool', 'procps', 'less', 'vim-tiny',
  'openssh-server', 'openssl', 'ca-certificates', 'curl', 'nodejs', 'iptables', 'nftables', 'docker.io', 'docker-registry', 'haproxy',
]

/** Documentation in all languages, and the compiler behind PostgreSQL's JIT (180 MB, `jit = off` in the image). */
export const unneeded = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/lib/*/libLLVM*', '/usr/lib/*/libz3.so*', '/usr/lib/postgresql/*/lib/bitcode/*']

/** The default: Debian 13 with the services of both roles, switched off. */
export const debian13 = defineOsImage({
  id: 'debian-13', title: 'Debian 13', suite: 'trixie',
  packages: [...debianBase, 'docker-cli', 'postgresql-17'],
  excluded: unneeded,
  disabledUnits: ['docker.service', 'docker.socket', 'containerd.service', 'docker-registry.service', 'haproxy.service', 'postgresql.service'],
  rootMib: 2048, ext4Features: '',
})
