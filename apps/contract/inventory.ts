import { z } from 'zod'

/** Text that a machine says of itself: hostile, so bounded and stripped of control characters at the edge. */
export const machineText = (max = 200) => z.string().max(4096).overwrite((text) => text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, ' ').trim().slice(0, max))

export const Disk = z.object({
  name: machineText(32).describe('Kernel name in this boot, e.g. vda: a display name, never an identity'),
  model: machineText(),
  serial: machineText(),
  wwn: machineText(),
  sizeBytes: z.number().int().nonnegative(),
  rotational: z.boolean(),
  transport: machineText(32).describe('virtio, sata, nvme, usb, scsi or empty'),
  removable: z.boolean(),
  contents: machineText(400).describe('What is on it now, in words: partition table, file systems, or "blank"'),
}).meta({ id: 'Disk' })

export const LldpNeighbour = z.object({
  chassis: machineText(), port: machineText(), systemName: machineText(), portDescription: machineText(),
}).meta({ id: 'LldpNeighbour' })

export const Nic = z.object({
  name: machineText(32),
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
  link: z.boolean(),
  speedMbps: z.number().int().nullable(),
  driver: machineText(64),
  boot: z.boolean().describe('Whether the machine booted from this card'),
  lldp: LldpNeighbour.nullable(),
}).meta({ id: 'Nic' })

/** What a discovered machine says about itself: claims, never credentials. */
export const Inventory = z.object({
  uuid: z.string().regex(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/).nullable().describe('SMBIOS UUID in its canonical form'),
  manufacturer: machineText(), product: machineText(), serial: machineText(), assetTag: machineText(),
  firmware: z.enum(['bios', 'uefi']),
  firmwareVersion: machineText(),
  secureBoot: z.boolean(),
  cpuModel: machineText(), cpus: z.number().int().min(1).max(65536), architecture: machineText(32),
  memoryBytes: z.number().int().nonnegative(),
  disks: z.array(Disk).max(512), nics: z.array(Nic).max(256),
  kernel: machineText(),
}).meta({ id: 'Inventory' })

export type Inventory = z.infer<typeof Inventory>
export type Disk = z.infer<typeof Disk>
export type Nic = z.infer<typeof Nic>
export type LldpNeighbour = z.infer<typeof LldpNeighbour>
