declare module 'wake_on_lan' {
  interface Options { address?: string; port?: number; num_packets?: number; interval?: number }
  const wol: { wake(mac: string, options: Options, callback: (error?: Error | null) => void): void }
  export default wol
}
