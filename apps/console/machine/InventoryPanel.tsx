import type { Inventory, Nic } from '#contract/inventory'
import type { Machine } from '#contract/operator-api'
import { Icon } from '../kit/Icon.tsx'
import { Fact, Section } from '../kit/Page.tsx'
import { formatBytes, formatMemory, safeText } from '../text/format.ts'

/** What the machine says it is made of. */
export function InventoryPanel({ machine }: { machine: Machine }) {
  const { inventory } = machine
  if (!inventory) return (
    <Section title="Inventory">
      <p className="px-4 py-5 text-sm text-ink-2">Not reported yet. The machine tells its parts once the ramdisk runs on it, usually within half a minute of its first packet.</p>
    </Section>
  )
  return (
    <Section title="Inventory" note={safeText([inventory.manufacturer, inventory.product].filter(Boolean).join(' '))}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 px-4 py-3.5 sm:grid-cols-3">
        <Fact name="Processor">{inventory.cpus} × {safeText(inventory.cpuModel) || inventory.architecture}</Fact>
        <Fact name="Memory">{formatMemory(inventory.memoryBytes)}</Fact>
        <Fact name="Firmware">{inventory.firmware === 'uefi' ? 'UEFI' : 'BIOS'} <span className="text-sm text-ink-3">{safeText(inventory.firmwareVersion)}</span></Fact>
        <Fact name="Secure Boot">{inventory.firmware === 'bios' ? 'not with BIOS' : inventory.secureBoot ? 'on' : 'off'}</Fact>
        <Fact name="Serial" mono>{safeText(inventory.serial) || 'none'}</Fact>
        <Fact name="Asset tag" mono>{safeText(inventory.assetTag) || 'none'}</Fact>
        <div className="col-span-full"><Fact name="UUID" mono><span className="break-all">{inventory.uuid ?? 'none'}</span></Fact></div>
      </dl>
      <Disks disks={inventory.disks} />
      <Nics nics={inventory.nics} />
    </Section>
  )
}

function Disks({ disks }: { disks: Inventory['disks'] }) {
  return (
    <div className="border-t border-line px-4 py-3">
      <h3 className="label mb-2">{disks.length === 1 ? 'Disk' : `Disks (${disks.length})`}</h3>
      {disks.length === 0 ? <p className="text-sm text-ink-2">No disk found: a role cannot be assigned. Check the controller and its cables.</p> : null}
      <ul className="flex flex-col gap-2.5">
        {disks.map((disk) => (
          <li key={disk.name} className="flex gap-3">
            <Icon name="disk" className="mt-0.5 text-ink-3" />
            <div className="min-w-0 text-sm">
              <p><span className="font-medium">{safeText(disk.model) || disk.name}</span> <span className="text-ink-2">{formatBytes(disk.sizeBytes)}, {[disk.transport, disk.rotational ? 'rotating' : '', disk.removable ? 'removable' : ''].filter(Boolean).join(', ') || disk.name}</span></p>
              <p className="font-mono text-xs break-all text-ink-3">{disk.name}  {safeText(disk.serial || disk.wwn) || 'no serial'}</p>
              <p className="text-ink-2">{safeText(disk.contents)}</p>
            </div>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Nics({ nics }: { nics: readonly Nic[] }) {
  return (
    <div className="border-t border-line px-4 py-3">
      <h3 className="label mb-2">Network cards</h3>
      <ul className="flex flex-col gap-2.5">
        {nics.map((nic) => (
          <li key={nic.mac} className="flex gap-3">
            <Icon name="network" className={`mt-0.5 ${nic.link ? 'text-green' : 'text-ink-3'}`} />
            <div className="min-w-0 text-sm">
              <p><span className="font-medium">{nic.name}</span> <span className="text-ink-2">{nic.link ? (nic.speedMbps ? `${nic.speedMbps >= 1000 ? `${nic.speedMbps / 1000} Gb/s` : `${nic.speedMbps} Mb/s`}` : 'link') : 'no link'}{nic.driver ? `, ${nic.driver}` : ''}{nic.boot ? ', booted from this card' : ''}</span></p>
              <p className="font-mono text-xs text-ink-3">{nic.mac}</p>
              {nic.lldp ? <p className="text-ink-2">plugged into {safeText(nic.lldp.systemName || nic.lldp.chassis)}, port {safeText(nic.lldp.port)}{nic.lldp.portDescription ? ` (${safeText(nic.lldp.portDescription)})` : ''}</p> : null}
            </div>
          </li>
        ))}
      </ul>
    </div>
  )
}
