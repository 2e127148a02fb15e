import type { Fields } from '../filter/fields.js';
import type { FieldValues } from '../filter/matches.js';

/** Fields of every type, of a table `thing` as `t`. */
export const FIELDS = {
  id: { type: 'id', sql: 't.id', ordered: true },
  name: { type: 'text', sql: 't.name collate "C"', ordered: true },
  note: { type: 'text', sql: 't.note collate "C"', ordered: true, nullable: true },
  phase: { type: 'enum', sql: 't.phase', values: ['RUNNING', 'STOPPED'], long: 'PHASE_' },
  create_time: { type: 'timestamp', sql: 't.created_at', ordered: true },
  expire_time: { type: 'timestamp', sql: 't.expires_at', ordered: true, nullable: true },
  size: { type: 'number', sql: 't.size', ordered: true, nullable: true },
  grace: { type: 'duration', sql: 't.grace' },
  ready: { type: 'bool', sql: 't.ready' },
  labels: { type: 'labels', sql: 't.labels' },
  tags: { type: 'list', sql: 't.tags' },
} as const satisfies Fields;

/** The table of the fields. */
export const TABLE = `
  create table thing (
    id         text primary key,
    name       text not null,
    note       text,
    phase      text,
    created_at timestamptz not null,
    expires_at timestamptz,
    size       float8,
    grace      float8,
    ready      boolean,
    labels     jsonb,
    tags       text[]
  )`;

/** One row, as its fields. */
export type Thing = FieldValues & { readonly id: string };

/** Draws the same numbers for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number below a limit. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** An item, or null now and then. */
  maybe<Item>(items: readonly Item[]): Item | null {
    return this.below(4) === 0 ? null : this.pick(items);
  }
}

/** Few texts, with what may go wrong in them, so that filters meet rows. */
const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'abd',
  'A',
  'a%',
  'a_c',
  'a*',
  'a\\',
  'a"\'',
  'aé',
  'a\u{10ffff}',
  'a\u{10ffff}b',
  'a\ud7ff',
  'a\ue000',
  'a\u{1f600}',
  'a b',
  'Z',
  '\u{10ffff}',
  '; drop table thing',
];

const TIMES = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '2026-01-02T03:04:05.678Z'];
const NUMBERS = [0, 1, -1, 1.5, 1e21, 1e-7];

/** A row whose values come from few, so that many are alike. */
export function aThing(dice: Dice, id: string): Thing {
  const time = (): Date => new Date(dice.pick(TIMES));
  const labels = Object.fromEntries(
    ['team', 'a.b', '__proto__'].filter(() => dice.below(2)).map((key) => [key, dice.pick(TEXTS)]),
  );
  return {
    id,
    name: dice.pick(TEXTS),
    note: dice.maybe(TEXTS),
    phase: dice.maybe(['RUNNING', 'STOPPED']),
    create_time: time(),
    expire_time: dice.below(3) === 0 ? null : time(),
    size: dice.maybe(NUMBERS),
    grace: dice.maybe([0, 1.5, 90]),
    ready: dice.maybe([true, false]),
    labels: dice.below(4) === 0 ? null : labels,
    tags: dice.maybe([[], ['a'], ['ab', 'a%'], TEXTS]),
  };
}

/** A filter that is well formed, with many of its parts true of some rows. */
export function aFilter(dice: Dice, depth = 3): string {
  const shape = depth === 0 ? 0 : dice.below(6);
  const inner = (): string => aFilter(dice, depth - 1);
  switch (shape) {
    case 1:
      return `${inner()} AND ${inner()}`;
    case 2:
      return `(${inner()}) OR (${inner()})`;
    case 3:
      return `NOT (${inner()})`;
    case 4:
      return `${inner()} -(${inner()})`;
    default:
      return aTerm(dice);
  }
}

function aTerm(dice: Dice): string {
  const ordered = (): string => dice.pick(['=', '!=', '<', '<=', '>', '>=', ' = ']);
  const equal = (): string => dice.pick(['=', '!=']);
  const text = (): string => dice.pick([written, begun])(dice.pick(TEXTS));
  switch (dice.below(11)) {
    case 0:
      return `${dice.pick(['name', 'note'])} ${ordered()} ${written(dice.pick(TEXTS))}`;
    case 1:
      return `${dice.pick(['name', 'note'])} ${equal()} ${text()}`;
    case 2:
      return `phase ${equal()} ${dice.pick(['RUNNING', 'PHASE_STOPPED', '"STOPPED"'])}`;
    case 3:
      return `${dice.pick(['create_time', 'expire_time'])} ${ordered()} ${dice.pick(TIMES)}`;
    case 4:
      return `size ${ordered()} ${dice.pick(NUMBERS)}`;
    case 5:
      return `grace ${ordered()} ${dice.pick(['0s', '1.5s', '90s'])}`;
    case 6:
      return `ready ${equal()} ${dice.pick(['true', 'false'])}`;
    case 7:
      return `labels.${dice.pick(['team', '"a.b"', '__proto__'])} ${equal()} ${text()}`;
    case 8:
      return `labels:${dice.pick(['team', '"a.b"', '"__proto__"', 'none'])}`;
    case 9:
      return `tags:${written(dice.pick(TEXTS))}`;
    default:
      return `${dice.pick([...Object.keys(FIELDS), 'labels.team'])}:*`;
  }
}

function written(text: string): string {
  return `"${text.replace(/[\\"*]/g, '\\$&')}"`;
}

function begun(text: string): string {
  return written(text).replace(/"$/, '*"');
}
