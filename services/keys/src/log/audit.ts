import {
  EMPTY,
  type Frontier,
  grow,
  leafHash,
  type Node,
  type NoteKey,
  openNote,
  parseCheckpoint,
  rootOf,
} from '@ramet/merkle';
import {
  type Audited,
  type Fault,
  type Head,
  type Log,
  originOf,
  positionOf,
} from '../domain/log.js';
import type { Scene, SeenLog, StoredEntry } from '../store/log-audit.js';
import type { OwnedRecord } from '../store/log-records.js';
import type { Places } from '../store/log-writer.js';
import { type EntryOf, STORED_STEP } from './grow.js';

export interface AuditOptions {
  readonly reads: Reads;
  readonly readNodes: (logId: bigint, nodes: readonly Node[]) => Promise<readonly Buffer[]>;
  readonly entryOf: EntryOf;
  /** All keys that heads are and were signed with. */
  readonly keys: readonly NoteKey[];
}

interface Reads {
  scene(): Promise<Scene>;
  entries(logId: bigint, from: number, limit: number): Promise<readonly StoredEntry[]>;
  heads(logId: bigint, upTo: number): AsyncIterable<Head>;
  inserted(logged: Places, limit: number): Promise<readonly OwnedRecord[]>;
}

const PAGE = 1_000;
/** So many faults are told of a log. */
const MAX_FAULTS = 100;

/**
 * Makes all logs anew from their records, and compares them with what is stored and was signed.
 *
 * Reads everything, in pages. What is added meanwhile is not looked at.
 */
export async function* auditLogs(options: AuditOptions): AsyncGenerator<Audited> {
  const { logs, logged } = await options.reads.scene();
  const inserted = new Map<string, Audited & { faults: Fault[] }>();
  for (const { owner, record } of await options.reads.inserted(logged, MAX_FAULTS)) {
    const known = inserted.get(originOf(owner)) ?? { owner, size: 0, heads: 0, faults: [] };
    const at = positionOf(record);
    const text = `${record.kind} ${at} has no entry`;
    // Somebody may have given it a place before all others.
    known.faults.push({ kind: 'record_inserted', at: Math.max(0, Number(at)), text });
    inserted.set(originOf(owner), known);
  }
  for (const seen of logs) {
    const found = await new LogAudit(seen, options).run();
    const more = inserted.get(originOf(seen.log.owner))?.faults ?? [];
    inserted.delete(originOf(seen.log.owner));
    yield { ...found, faults: [...found.faults, ...more].slice(0, MAX_FAULTS) };
  }
  yield* inserted.values();
}

/** The audit of one log. */
class LogAudit {
  readonly #log: Log;
  readonly #headSize: number;
  readonly #options: AuditOptions;
  readonly #faults: Fault[] = [];
  #edge: Frontier = EMPTY;
  #heads = 0;

  constructor({ log, headSize }: SeenLog, options: AuditOptions) {
    this.#log = log;
    this.#headSize = headSize;
    this.#options = options;
  }

  async run(): Promise<Audited> {
    const { reads } = this.#options;
    const heads = reads.heads(this.#log.id, this.#headSize)[Symbol.asyncIterator]();
    let head = await nextOf(heads);
    for (let from = 0; from < this.#log.size && this.#edge.size === from; from += PAGE) {
      const entries = await reads.entries(this.#log.id, from, this.#pageAt(from));
      let leaves = this.#checkEntries(entries, from);
      while (head && head.size <= this.#edge.size + leaves.length) {
        const count = head.size - this.#edge.size;
        await this.#grow(leaves.slice(0, count));
        leaves = leaves.slice(count);
        this.#checkHead(head);
        head = await nextOf(heads);
      }
      await this.#grow(leaves);
    }
    for (; head; head = await nextOf(heads))
      this.#fault('log_cut', head.size, 'was signed for more');
    this.#checkEnd();
    const [owner, size] = [this.#log.owner, this.#log.size];
    return { owner, size, heads: this.#heads, faults: this.#faults };
  }

  /** The hashes of a page of entries, up to the first one that is gone. */
  #checkEntries(entries: readonly StoredEntry[], from: number): readonly Buffer[] {
    const gap = entries.findIndex(({ leaf }, nth) => leaf.index !== from + nth);
    const whole = gap < 0 ? entries : entries.slice(0, gap);
    if (whole.length < this.#pageAt(from)) {
      this.#fault('tree_changed', from + whole.length, 'the entry is gone');
    }
    for (const entry of whole) this.#checkRecord(entry);
    return whole.map(({ leaf }) => leaf.hash);
  }

  #checkRecord({ leaf, record }: StoredEntry): void {
    const name = `${leaf.kind} ${leaf.position}`;
    if (!record) {
      this.#fault('record_missing', leaf.index, `${name} is gone`);
      return;
    }
    const hash = leafHash(this.#options.entryOf(this.#log.owner, record));
    if (!hash.equals(leaf.hash)) {
      this.#fault('record_changed', leaf.index, `${name} is not what was hashed`);
    }
  }

  async #grow(leaves: readonly Buffer[]): Promise<void> {
    const { frontier, nodes } = grow(this.#edge, leaves);
    const stored = nodes.filter(({ height }) => height % STORED_STEP === 0);
    if (stored.length > 0) {
      const hashes = await this.#options.readNodes(this.#log.id, stored);
      for (const [nth, { height, index, hash }] of stored.entries()) {
        if (hashes[nth]?.equals(hash)) continue;
        this.#fault('tree_changed', frontier.size, `node ${index} of height ${height} is another`);
      }
    }
    this.#edge = frontier;
  }

  #checkHead({ size, root, note, at }: Head): void {
    this.#heads += 1;
    const text = openNote(note, this.#options.keys);
    const said = text === undefined ? undefined : parseCheckpoint(text);
    const isSame =
      said?.origin === originOf(this.#log.owner) &&
      said.size === size &&
      said.root.equals(root) &&
      said.time.getTime() === at.getTime();
    if (!isSame) this.#fault('head_forged', size, 'is not what was signed with a key of the log');
    if (!rootOf(this.#edge).equals(root)) this.#fault('head_untrue', size, 'is of another tree');
  }

  #checkEnd(): void {
    const { size, peaks } = this.#log;
    if (this.#edge.size !== size) return;
    if (!rootOf({ size, peaks }).equals(rootOf(this.#edge))) {
      this.#fault('tree_changed', size, 'its edge is another');
    }
    if (this.#headSize < size) this.#fault('head_untrue', size, 'its newest head is gone');
  }

  #pageAt(from: number): number {
    return Math.min(PAGE, this.#log.size - from);
  }

  #fault(kind: Fault['kind'], at: number, text: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ kind, at, text });
  }
}

async function nextOf<Item>(items: AsyncIterator<Item>): Promise<Item | undefined> {
  const { done, value } = await items.next();
  return done ? undefined : value;
}
