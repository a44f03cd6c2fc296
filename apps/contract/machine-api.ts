/**
 * What a machine asks of the appliance, before it has an agent, at the appliance's address on the machine's own network (behind a relay: on the
 * relay's). Two servers:
 *
 * **Plain HTTP, port 80** (integrity by hashes that came over TLS, nothing secret):
 * | request | answer |
 * | --- | --- |
 * | GET /boot.ipxe, /autoexec.ipxe | a script that chains to /boot/${mac:hexhyp}?uuid=${uuid}&platform=${platform}&arch=${buildarch}&serial=${serial} |
 * | GET /boot/:mac | the iPXE script decided for this machine: ramdisk, local disk, or wait and retry |
 * | GET /boot/:mac/localboot.efi | the GRUB that starts this machine's disk, told the UUID of the root file system installed there |
 * | GET /boot/:mac/drive-80 to drive-87 | a program for iPXE of a BIOS: does this drive have that root file system? |
 * | GET /files/NAME | a file of the boot manifest: loaders, kernel, ramdisk, GRUB for local boot (Range, HEAD, ETag) |
 * | GET /chunks/DIGEST | one zstd chunk of an image, by its BLAKE2b-512 (RFC 7693) |
 * | POST /log/:mac | lines of text, one log line each, chunked and never ending if the client likes: first character the level (`e`, `w`, `i`, `d`), second the source (`k` kernel, `r` ramdisk), then a space and the text |
 *
 * **HTTPS, port 443**, certificate from the appliance's CA that names all these addresses; the ramdisk carries the CA in /etc/system-cloud/ca.pem. Each request has
 * `Authorization: Bearer <session>`, 32 random bytes in hex that the ramdisk makes at its boot: the first to use it owns the MAC until
 * the machine reboots; a second live session on one MAC or UUID is held for a person and gets 409. 401 to the other routes: post the facts (again).
 * | request | answer |
 * | --- | --- |
 * | POST /ramdisk/:mac/facts | body: the facts text below; 204, 400 with a sentence, 409 |
 * | GET /ramdisk/:mac/order | waits up to 25 s; 204: nothing to do, ask again; 200: an order as text, `key=value` lines |
 * | POST /ramdisk/:mac/orders/:id | `status=running|done|failed`, `bytesDone=`, `bytesTotal=`, `detail=` as text lines; 204; 410: the order is no longer wanted, stop |
 * | GET /ramdisk/:mac/orders/:id/chunks | the image as text: `digest compressedBytes offsetBytes lengthBytes target` a line, target `root`, `esp`, `bios`, in this order |
 * | GET /ramdisk/:mac/orders/:id/files.tar | tar of the files to lay over the root file system: identity, network, keys, agent.json (secret) |
 * | POST /agent/enrol | EnrolRequest as JSON, secret inside: EnrolResponse |
 * | POST /agent/renew | needs the client certificate; RenewRequest as JSON, by the same key: EnrolResponse |
 * | GET /agent/target?etag= | needs the client certificate; waits up to 25 s; 304 or Target |
 * | POST /agent/report | AgentReport; 204 |
 * | POST /agent/log | JSON lines `{ at, source: 'journal'|'agent'|'app', level, text, app? }` |
 *
 * **Facts** are lines `key<TAB>value`; keys repeat where there are several. The ramdisk only reads and prints; all parsing is here:
 * `firmware bios|uefi`, `secureboot 0|1`, `kernel R`, `cpu.model`, `cpu.count`, `cpu.arch`, `mem.kb`, `bootif MAC`,
 * `dmi.product_uuid|sys_vendor|product_name|product_serial|chassis_asset_tag|bios_version VALUE`,
 * `disk NAME`, then for it `disk.size SECTORS512`, `disk.model`, `disk.serial`, `disk.wwn`, `disk.rotational 0|1`, `disk.removable 0|1`, `disk.transport`, `disk.contents`,
 * `nic NAME`, then `nic.mac`, `nic.link 0|1`, `nic.speed`, `nic.driver`, `nic.lldp HEX of one LLDP frame`.
 *
 * **Orders** (`id`, `kind`, `generation`, `machine=MAC`, `uuid=UUID`, then by kind). The ramdisk refuses one for another machine, one of an older
 * generation than it has heard of, and one whose disk is not exactly as planned; nothing is touched then.
 * - `partitionDisk`: `disk=IDENTITY name=vda sizeSectors=N serial=S wwn=W`, `keepData=0|1`. The ramdisk finds the disk by WWN, else serial, else name and exact size; none, two, or another size, serial or WWN: failed.
 * - `writeImage`: `disk...` the same, `image=ID`, `rootUuid=UUID`; fetches the chunk list, writes, verifies each chunk's digest, makes the
 *   disk bootable only after all of them (BIOS boot code last).
 * - `configureSystem`: mounts the root, unpacks files.tar over it, grows, sets `rootUuid`.
 * - `bootDisk`: `efi=1|0`; BootNext where there is UEFI, restores BootOrder, reboots. Reports `done` just before.
 * - `eraseDisk`: discards (securely where the disk can), zeroes the signatures and the first and last 16 MiB, all where `full=1`, and reads it back.
 * - `reboot`, `poweroff`.
 */

/** Keys of the disk identity used everywhere: `wwn:...`, else `serial:...`, else `name:vda:41943040` (512-byte sectors). */
export function diskIdentity(disk: { wwn: string; serial: string; name: string; sizeBytes: number }): string {
  if (disk.wwn !== '') return `wwn:${disk.wwn}`
  if (disk.serial !== '') return `serial:${disk.serial}`
  return `name:${disk.name}:${Math.floor(disk.sizeBytes / 512)}`
}
