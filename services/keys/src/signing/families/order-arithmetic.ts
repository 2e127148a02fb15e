/** The bits of a limb: so few that no product of two leaves the small integers of V8. */
const LIMB_BITS = 15;
const LIMB_MASK = 0x7fff;
/** As many limbs as 256 bits take. */
const LIMBS = 18;

/** A number below the order, in Montgomery's form, least limb first. Its maker zeroes it. */
type Residue = Uint16Array;

/**
 * Calculates modulo the order of a curve, on memory that can be zeroed: a `bigint` cannot, and stays
 * on the heap for as long as V8 likes. The steps are the same for all numbers, so their time tells
 * nothing of them. Montgomery's way (HAC, algorithm 14.36), with limbs of 15 bits.
 */
export class OrderArithmetic {
  readonly #order: Uint16Array;
  readonly #bits: string;
  /** What the least limb of the order is multiplied with to be -1 modulo a limb. */
  readonly #inverse: number;
  /** The square of what numbers are multiplied with in Montgomery's form. */
  readonly #square: Uint16Array;

  /** The order is a prime of 32 bytes. It is no secret. */
  constructor(order: Buffer) {
    const prime = BigInt(`0x${order.toString('hex')}`);
    this.#order = limbsOf(order);
    this.#bits = (prime - 2n).toString(2);
    const square = (1n << BigInt(2 * LIMBS * LIMB_BITS)) % prime;
    this.#square = limbsOf(Buffer.from(square.toString(16).padStart(64, '0'), 'hex'));
    const limb = 1n << BigInt(LIMB_BITS);
    let inverse = 1n;
    for (let round = 0; round < 4; round += 1) inverse = (inverse * (2n - prime * inverse)) % limb;
    this.#inverse = Number(((-inverse % limb) + limb) % limb);
  }

  /** (addend + one * other) / divisor, each of 32 bytes, as 32 bytes. The divisor is not zero. */
  quotient(of: {
    readonly addend: Buffer;
    readonly one: Buffer;
    readonly other: Buffer;
    readonly divisor: Buffer;
  }): Buffer {
    const made: Residue[] = [];
    const keep = (residue: Residue): Residue => {
      made.push(residue);
      return residue;
    };
    const residueOf = (bytes: Buffer): Residue =>
      keep(this.#product(keep(limbsOf(bytes)), this.#square));
    try {
      const product = keep(this.#product(residueOf(of.one), residueOf(of.other)));
      const sum = keep(this.#sum(residueOf(of.addend), product));
      const inverse = this.#inverted(residueOf(of.divisor), keep);
      const quotient = keep(this.#product(sum, inverse));
      return bytesOf(keep(this.#product(quotient, ONE)));
    } finally {
      for (const each of made) each.fill(0);
    }
  }

  /** By Fermat: the power of the order less two. The order alone decides on the steps. */
  #inverted(residue: Residue, keep: (made: Residue) => Residue): Residue {
    let power = keep(Uint16Array.from(residue));
    for (const bit of this.#bits.slice(1)) {
      power = keep(this.#product(power, power));
      if (bit === '1') power = keep(this.#product(power, residue));
    }
    return power;
  }

  #sum(one: Residue, other: Residue): Residue {
    const sum = new Uint16Array(LIMBS + 1);
    let carry = 0;
    for (let at = 0; at < LIMBS; at += 1) {
      carry += (one[at] ?? 0) + (other[at] ?? 0);
      sum[at] = carry & LIMB_MASK;
      carry >>>= LIMB_BITS;
    }
    sum[LIMBS] = carry;
    return this.#reduced(sum);
  }

  /** The product of two, divided by two to the power of all bits of the limbs. */
  #product(one: Residue, other: Residue): Residue {
    const order = this.#order;
    const sum = new Uint16Array(LIMBS + 2);
    for (let at = 0; at < LIMBS; at += 1) {
      const top = (sum[LIMBS] ?? 0) + addMultiple(sum, one, other[at] ?? 0);
      sum[LIMBS] = top & LIMB_MASK;
      sum[LIMBS + 1] = top >>> LIMB_BITS;

      const multiple = ((sum[0] ?? 0) * this.#inverse) & LIMB_MASK;
      let carry = ((sum[0] ?? 0) + multiple * (order[0] ?? 0)) >>> LIMB_BITS;
      for (let to = 1; to < LIMBS; to += 1) {
        const value = (sum[to] ?? 0) + multiple * (order[to] ?? 0) + carry;
        sum[to - 1] = value & LIMB_MASK;
        carry = value >>> LIMB_BITS;
      }
      const last = (sum[LIMBS] ?? 0) + carry;
      sum[LIMBS - 1] = last & LIMB_MASK;
      sum[LIMBS] = (sum[LIMBS + 1] ?? 0) + (last >>> LIMB_BITS);
    }
    return this.#reduced(sum);
  }

  /** Takes the order off once if the number is not below it, and zeroes what it was given. */
  #reduced(sum: Uint16Array): Residue {
    const less = new Uint16Array(LIMBS);
    let borrow = 0;
    for (let at = 0; at < LIMBS; at += 1) {
      const value = (sum[at] ?? 0) - (this.#order[at] ?? 0) - borrow;
      less[at] = value & LIMB_MASK;
      borrow = (value >> LIMB_BITS) & 1;
    }
    // All ones where the number was below the order: then it stays as it is.
    const mask = -(borrow & ~(sum[LIMBS] ?? 0) & 1);
    for (let at = 0; at < LIMBS; at += 1) {
      less[at] = ((sum[at] ?? 0) & mask) | ((less[at] ?? 0) & ~mask);
    }
    sum.fill(0);
    return less;
  }
}

const ONE = limbsOf(Buffer.from('1'.padStart(64, '0'), 'hex'));

/** Adds a multiple of a number to the low limbs of a sum, and returns what is carried. */
function addMultiple(sum: Uint16Array, number: Residue, factor: number): number {
  let carry = 0;
  for (let at = 0; at < LIMBS; at += 1) {
    const value = (sum[at] ?? 0) + (number[at] ?? 0) * factor + carry;
    sum[at] = value & LIMB_MASK;
    carry = value >>> LIMB_BITS;
  }
  return carry;
}

function limbsOf(bytes: Buffer): Uint16Array {
  const limbs = new Uint16Array(LIMBS);
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let from = bytes.length - 1; from >= 0; from -= 1) {
    pending |= (bytes[from] ?? 0) << bits;
    bits += 8;
    if (bits < LIMB_BITS) continue;
    limbs[at] = pending & LIMB_MASK;
    pending >>>= LIMB_BITS;
    bits -= LIMB_BITS;
    at += 1;
  }
  limbs[at] = pending;
  return limbs;
}

function bytesOf(limbs: Uint16Array): Buffer {
  const bytes = Buffer.alloc(32);
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let to = bytes.length - 1; to >= 0; to -= 1) {
    if (bits < 8) {
      pending |= (limbs[at] ?? 0) << bits;
      bits += LIMB_BITS;
      at += 1;
    }
    bytes[to] = pending & 0xff;
    pending >>>= 8;
    bits -= 8;
  }
  return bytes;
}
