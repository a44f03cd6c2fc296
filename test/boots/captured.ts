/** Boots in the captures of real firmware: seen from an appliance at `ours`, and what the rules say of each boot of each machine in it. They were made with other servers, so there is no journal to them. */
export const capturedBoots: readonly { readonly name: string; readonly ours: string; readonly mode: 'full' | 'proxy'; readonly says: readonly (readonly string[])[] }[] = [
  ...['bios-e1000-ipxe', 'bios-virtio-ipxe', 'uefi-e1000-ipxerom', 'uefi-virtio-httpboot', 'uefi-virtio-ovmfnative-pxe', 'uefi-virtio-pxe-snponly', 'uefi-secboot-httpboot-shim'].map((name) => ({ name, ours: '10.77.0.1', mode: 'full' as const, says: [[]] })),
  ...['proxy-p-bios', 'proxy-p-ipxerom', 'proxy-p-ovmf'].map((name) => ({ name, ours: '10.78.0.2', mode: 'proxy' as const, says: [[]] })),
  { name: 'proxy-pj-na', ours: '10.78.0.2', mode: 'proxy', says: [['offer-not-taken']] },
  { name: 'proxy-pj-f', ours: '10.78.0.2', mode: 'proxy', says: [['proxy-port-closed'], []] },
  { name: 'bios-virtio-ipxe', ours: '10.77.0.2', mode: 'full', says: [['other-server']] },
]
