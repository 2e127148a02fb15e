import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { aFilter, Dice, FIELDS } from '../support/things.js';
import type { Fields } from './fields.js';
import { parseFilter } from './parse.js';
import { printFilter } from './print.js';

/** What is written, and the same in the one way of printing. */
const UNDERSTOOD: readonly (readonly [string, string])[] = [
  ['', ''],
  ['  ', ''],
  ['name = abc', 'name = "abc"'],
  ['name="a b"', 'name = "a b"'],
  ["name = 'a\"b'", 'name = "a\\"b"'],
  ['name = "a\\*\\\\"', 'name = "a\\*\\\\"'],
  ['name = "abc*"', 'name = "abc*"'],
  ['name = abc*', 'name = "abc*"'],
  ['name != "abc*"', 'name != "abc*"'],
  ['NOT name = a', 'name != "a"'],
  ['-name = a', 'name != "a"'],
  ['NOT name != a', 'NOT (name != "a")'],
  ['name >= a', 'name >= "a"'],
  ['phase = PHASE_RUNNING', 'phase = "RUNNING"'],
  ['create_time < 2026-01-31T09:30:00Z', 'create_time < "2026-01-31T09:30:00.000Z"'],
  ['create_time < "2026-01-31t09:30:00.5+01:30"', 'create_time < "2026-01-31T08:00:00.500Z"'],
  ['create_time < 2026-01-31T09:30:00.120000000Z', 'create_time < "2026-01-31T09:30:00.120Z"'],
  ['create_time >= 2024-02-29T00:00:00Z', 'create_time >= "2024-02-29T00:00:00.000Z"'],
  ['size > -1.5e3', 'size > -1500'],
  ['size = -0', 'size = 0'],
  ['grace <= 1.50s', 'grace <= 1.5s'],
  ['ready = true', 'ready = true'],
  ['labels.team = red', 'labels."team" = "red"'],
  ['labels."a.b/c" : red', 'labels."a.b/c" = "red"'],
  ['labels.team:*', 'labels."team":*'],
  ['labels:team', 'labels."team":*'],
  ['labels:*', 'labels:*'],
  ['NOT labels.team:*', 'NOT labels."team":*'],
  ['tags:red', 'tags : "red"'],
  ['name = a size = 1', 'name = "a" AND size = 1'],
  ['name = a AND size = 1 AND ready = true', 'name = "a" AND size = 1 AND ready = true'],
  ['size = 1 AND size = 2 OR size = 3', 'size = 1 AND size = 2 OR size = 3'],
  ['(size = 1 AND size = 2) OR size = 3', '(size = 1 AND size = 2) OR size = 3'],
  ['size = 1 size = 2 OR size = 3 size = 4', 'size = 1 AND size = 2 OR size = 3 AND size = 4'],
  ['((size = 1) AND (size = 2 AND size = 3))', 'size = 1 AND size = 2 AND size = 3'],
  ['NOT (size = 1 OR size = 2)', 'NOT (size = 1 OR size = 2)'],
  ['-(size = 1)OR(size = 2)', 'size != 1 OR size = 2'],
  ['NOT(NOT(size = 1))', 'NOT (size != 1)'],
];

/** What is written, and what is said of it. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['nme = a', /at character 1: there is no field "nme"; there are create_time, expire_time, /],
  ['name = a AND __proto__ = 1', /at character 14: there is no field "__proto__"/],
  ['name', /at character 5: expected =, !=, <, <=, >, >= or : after name/],
  ['name = a and size = 1', /at character 10: there is no field "and"/],
  ['name =', /at character 7: expected a value/],
  ['name = é', /at character 8: expected a value/],
  ['name = "é" name = (', /at character 19: expected a value/],
  ['name = "\u{1f600}" !', /at character 12: expected a field/],
  ['name = "abc', /at character 8: this quote has no end/],
  ['name = "a*b"', /at character 10: a \* stands at the end only/],
  ['name = "a\\nb"', /at character 10: a \\ stands before/],
  ['name < "a*"', /at character 8: there is no \* for name </],
  ['phase = RUN*', /at character 9: there is no \* for phase =/],
  ['phase = GONE', /at character 9: expected RUNNING, STOPPED instead of "GONE"/],
  ['phase < RUNNING', /at character 7: expected = after phase/],
  ['id > a', /at character 4: expected = after id/],
  ['name : a', /at character 6: expected =, <, <=, >, >= after name/],
  ['tags = a', /at character 6: expected : after tags/],
  ['labels = a', /at character 8: expected a key, as in labels.team = "a"/],
  ['labels. = a', /at character 9: expected the key of a label/],
  ['labels."a*" = b', /at character 8: the key of a label is whole/],
  ['labels:a*', /at character 8: the key of a label is whole/],
  ['labels.a.b = c', /at character 9: expected =, !=/],
  ['name.first = a', /at character 1: name has no parts/],
  ['size = 1x', /expected a number instead of "1x"/],
  ['size = 1e999', /expected a number/],
  ['grace = 5', /expected a number of seconds such as 90s instead of "5"/],
  ['ready = yes', /expected true or false instead of "yes"/],
  ['create_time > 2026-02-29T00:00:00Z', /expected a time such as 2026-01-31T09:30:00Z/],
  ['create_time > 2026-13-01T00:00:00Z', /expected a time/],
  ['create_time > 2026-00-01T00:00:00Z', /expected a time/],
  ['create_time > 2026-01-01T24:00:00Z', /expected a time/],
  ['create_time > 2026-01-01T00:00:00', /expected a time/],
  ['create_time > 2026-01-01T00:00:00.1234Z', /expected a time/],
  ['create_time > 0000-12-31T00:00:00Z', /expected a time/],
  ['create_time > 0001-01-01T00:00:00+01:00', /expected a time/],
  ['create_time > 9999-12-31T23:59:59.999Z', /expected a time/],
  ['(size = 1', /at character 1: this parenthesis is not closed/],
  ['size = 1)', /at character 9: no parenthesis is open here/],
  ['()', /at character 2: expected a field/],
  ['AND size = 1', /at character 1: expected a field/],
  ['size = 1 AND', /at character 13: expected a field/],
  ['size = 1 OR OR size = 2', /at character 13: expected a field/],
  ['NOT NOT size = 1', /at character 5: expected a field/],
  ['name = "a\0"', /at character 10: this character is in no text/],
  ['name = "\ud800"', /at character 9: this character is in no text/],
  [`name = "${'a'.repeat(2_000)}"`, /^filter: must not be longer than 2000 characters/],
  [`${'('.repeat(21)}size = 1${')'.repeat(21)}`, /at character 21: .* not more than 20 deep/],
  [Array(51).fill('size = 1').join(' OR '), /at character 601: .* not more than 50 conditions/],
];

describe('parseFilter', () => {
  for (const [text, printed] of UNDERSTOOD) {
    it(`understands ${text || 'nothing'}`, () => {
      assert.equal(printFilter(parseFilter(text, FIELDS)), printed);
    });
  }

  for (const [text, said] of REFUSED) {
    it(`refuses ${text.slice(0, 40)}`, () => {
      assert.throws(() => parseFilter(text, FIELDS), { reason: 'REQUEST_INVALID', message: said });
    });
  }

  it('has room for 50 conditions, 20 parentheses, 2000 characters', () => {
    parseFilter(Array(50).fill('size = 1').join(' OR '), FIELDS);
    parseFilter(`${'('.repeat(20)}size = 1${')'.repeat(20)}`, FIELDS);
    parseFilter(`name = "${'\u{1f600}'.repeat(1_991)}"`, FIELDS);
  });

  it('names the argument that it was', () => {
    const violations = [{ field: 'watch.filter', description: 'at character 1: expected a field' }];
    assert.throws(() => parseFilter('!', FIELDS, 'watch.filter'), { violations });
  });

  it('reads back what it prints', () => {
    const dice = new Dice(7);
    for (let round = 0; round < 3_000; round += 1) {
      const filter = parseFilter(aFilter(dice), FIELDS);
      assert.deepEqual(parseFilter(printFilter(filter), FIELDS), filter);
    }
  });

  it('throws nothing but the error for the caller, whatever is written', () => {
    const dice = new Dice(11);
    const counts = { understood: 0, refused: 0 };
    for (let round = 0; round < 30_000; round += 1) {
      const filter = tryParse(aScribble(dice));
      if (filter === undefined) counts.refused += 1;
      else {
        counts.understood += 1;
        assert.deepEqual(parseFilter(printFilter(filter), FIELDS), filter);
      }
    }
    assert.ok(counts.understood > 300 && counts.refused > 10_000, JSON.stringify(counts));
  });

  it('asks for as many fields as there are terms, also where much is nested or long', () => {
    const deep = `${'(NOT '.repeat(19)}(size = 1)${')'.repeat(19)}`;
    const long = Array(50).fill('(size=1)').join(' OR ');
    const wide = Array(50).fill('-size=1').join(' ');
    for (const [text, terms] of [
      [deep, 1],
      [long, 50],
      [wide, 50],
    ] as const) {
      assert.equal(lookUps(text), terms);
    }
  });

  it('gives up at the limit, not behind it', () => {
    assert.equal(lookUps(Array(190).fill('size=1').join(' OR ')), 51);
    assert.equal(lookUps('('.repeat(2_000)), 0);
    assert.equal(lookUps('size = 1 '.repeat(100_000)), 0);
  });
});

function tryParse(text: string): ReturnType<typeof parseFilter> | undefined {
  try {
    return parseFilter(text, FIELDS);
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError, `${JSON.stringify(text)}: ${thrown}`);
    assert.equal(thrown.code, 'invalid_argument');
    assert.equal(thrown.violations[0]?.field, 'filter');
    return undefined;
  }
}

/** How often a field is looked up while a text is read: what it costs, whatever the machine does. */
function lookUps(text: string): number {
  let count = 0;
  const fields = new Proxy<Fields>(FIELDS, {
    get(target, name: string) {
      count += 1;
      return target[name];
    },
  });
  try {
    parseFilter(text, fields);
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError);
  }
  return count;
}

const TOKENS = [
  ...Object.keys(FIELDS),
  ...['=', '!=', '<', '<=', '>', '>=', ':', '(', ')', '-', '.', '*', '"', "'", '\\', ',', '\0'],
  ...[
    'AND',
    'OR',
    'NOT',
    'true',
    'RUNNING',
    '90s',
    '1',
    '1e9',
    '"a"',
    '"a*"',
    '2026-01-31T09:30:00Z',
  ],
  ...['é', '\u{1f600}', '\ud800', '\n', 'labels.team', 'size = 1', 'name = "x"', '__proto__'],
];

/** Tokens in any order, or characters, or a good filter with a hole. */
function aScribble(dice: Dice): string {
  switch (dice.below(3)) {
    case 0:
      return Array.from({ length: dice.below(12) }, () => dice.pick(TOKENS)).join(
        dice.pick(['', ' ']),
      );
    case 1:
      return Array.from({ length: dice.below(40) }, () =>
        String.fromCharCode(dice.below(dice.pick([128, 65_536]))),
      ).join('');
    default: {
      const filter = aFilter(dice);
      const at = dice.below(filter.length);
      return filter.slice(0, at) + dice.pick(['', ...TOKENS]) + filter.slice(at + dice.below(3));
    }
  }
}
