import { debianBase, unneeded } from './debian-13.ts'
import { defineOsImage } from './image.ts'

/** The release before: for what does not run on 13 yet. Its GRUB cannot read a separate checksum seed. */
export const debian12 = defineOsImage({
  id: 'debian-12', title: 'Debian 12', suite: 'bookworm',
  packages: [...debianBase, 'postgresql-15'],
  excluded: unneeded,
  disabledUnits: ['docker.service', 'docker.socket', 'containerd.service', 'docker-registry.service', 'haproxy.service', 'postgresql.service'],
  rootMib: 2048, ext4Features: '^metadata_csum_seed,^orphan_file',
})
