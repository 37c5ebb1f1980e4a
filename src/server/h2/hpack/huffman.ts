// HPACK's Huffman code (RFC 7541, appendix B). The code is canonical (symbols of one length have consecutive codes, in
// the order of the symbols), so the lengths say it all. Decoded four bits at a time through a table of states.

/** Bits of the code of each byte value, and of the end-of-string symbol, which comes last. */
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const END_OF_STRING = 256;
/** What is left of the last byte is filled with the first bits of the end-of-string symbol: ones, at most seven. */
const MAX_PADDING_BITS = 7;

/** A node of the code's tree. Leaves are symbols. */
interface Node {
  /** Among the inner nodes: this is the state of the decoder. */
  readonly state: number;
  readonly depth: number;
  /** Only ones lead here. */
  readonly ones: boolean;
  readonly next: [Node | number | null, Node | number | null];
}

function buildTree(): Node[] {
  const nodes: Node[] = [];
  const grow = (depth: number, ones: boolean): Node => {
    const node: Node = { state: nodes.length, depth, ones, next: [null, null] };
    nodes.push(node);
    return node;
  };
  const root = grow(0, true);
  const symbols = CODE_LENGTHS.map((length, symbol) => ({ length, symbol }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let previous = 0;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - previous);
    previous = length;
    insert(root, code, length, symbol, grow);
    code++;
  }
  return nodes;
}

function insert(root: Node, code: number, length: number, symbol: number, grow: (d: number, o: boolean) => Node): void {
  let node = root;
  for (let left = length - 1; left > 0; left--) {
    const bit = (code >> left) & 1 ? 1 : 0;
    const child = node.next[bit] ?? grow(node.depth + 1, node.ones && bit === 1);
    if (typeof child === 'number') throw new Error(`the Huffman code of ${symbol} continues that of ${child}`);
    node.next[bit] = child;
    node = child;
  }
  node.next[code & 1 ? 1 : 0] = symbol;
}

const EMITS = 1 << 16;
const FAILS = 1 << 17;

/** At `state * 16 + fourBits`: the next state, the symbol that is complete (at most one: codes have five bits or more). */
function buildTable(nodes: readonly Node[]): Uint32Array {
  const table = new Uint32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let bits = 0; bits < 16; bits++) table[node.state * 16 + bits] = transition(nodes, node, bits);
  }
  return table;
}

function transition(nodes: readonly Node[], from: Node, bits: number): number {
  let node = from;
  let emitted = 0;
  for (let left = 3; left >= 0; left--) {
    const child = node.next[(bits >> left) & 1 ? 1 : 0];
    if (child === null || child === END_OF_STRING) return FAILS;
    if (typeof child === 'number') {
      emitted = EMITS | (child << 8);
      node = nodes[0] ?? from;
    } else {
      node = child;
    }
  }
  return emitted | node.state;
}

const NODES = buildTree();
const TABLE = buildTable(NODES);
/** Where a string may end. */
const MAY_END = Uint8Array.from(NODES, ({ depth, ones }) => (ones && depth <= MAX_PADDING_BITS ? 1 : 0));

/** The shortest code has five bits. */
const MAX_EXPANSION = 8 / 5;
let scratch = Buffer.allocUnsafeSlow(4_096);

/** @returns the string, one character per byte; null where the bytes are no such code. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | null {
  const longest = Math.ceil((end - start) * MAX_EXPANSION);
  if (scratch.length < longest) scratch = Buffer.allocUnsafeSlow(longest);
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    for (let bits = byte >> 4, half = 0; half < 2; half++, bits = byte & 0xf) {
      const step = TABLE[state * 16 + bits] ?? FAILS;
      if (step & FAILS) return null;
      if (step & EMITS) scratch[length++] = step >> 8;
      state = step & 0xff;
    }
  }
  return MAY_END[state] === 1 ? scratch.toString('latin1', 0, length) : null;
}
