interface Node { readonly address: string; before: Node | undefined; after: Node | undefined }

/**
 * Addresses in the order in which they came, each once. Adding, deleting and the first one take the same time however many there are and
 * were: a Set keeps the places of what was deleted at its head, and whoever asks for its first one walks over them.
 */
export class AddressQueue {
  private readonly nodes = new Map<string, Node>()
  private head: Node | undefined
  private tail: Node | undefined

  /** How many there are. */
  get size(): number { return this.nodes.size }
  /** The one that came first; undefined where there is none. */
  get first(): string | undefined { return this.head?.address }

  has(address: string): boolean { return this.nodes.has(address) }

  /** To the end, where it is not in already. */
  add(address: string): void {
    if (this.nodes.has(address)) return
    const node: Node = { address, before: this.tail, after: undefined }
    if (this.tail) this.tail.after = node
    else this.head = node
    this.tail = node
    this.nodes.set(address, node)
  }

  delete(address: string): void {
    const node = this.nodes.get(address)
    if (!node) return
    this.nodes.delete(address)
    if (node.before) node.before.after = node.after
    else this.head = node.after
    if (node.after) node.after.before = node.before
    else this.tail = node.before
  }

  clear(): void {
    this.nodes.clear()
    this.head = undefined
    this.tail = undefined
  }

  /** In their order. Nothing may be added or deleted meanwhile. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (let node = this.head; node; node = node.after) yield node.address
  }
}
