import assert from 'node:assert/strict';
import { type Finding, type HealthState, isNews, probed, UNKNOWN } from './health.js';

const WELL: Finding = { isWell: true };
const UNWELL: Finding = { isWell: false, message: 'refused' };

describe('the health of a workload', () => {
  const CASES: readonly (readonly [string, readonly Finding[], number, boolean | undefined])[] = [
    ['unknown before the first probe', [], 3, undefined],
    ['good after one success', [WELL], 3, true],
    ['unknown while too few have failed', [UNWELL, UNWELL], 3, undefined],
    ['bad after so many failures', [UNWELL, UNWELL, UNWELL], 3, false],
    ['bad after the first failure if one is enough', [UNWELL], 1, false],
    ['still good after fewer failures', [WELL, UNWELL, UNWELL], 3, true],
    ['bad after so many failures in a row', [WELL, UNWELL, UNWELL, UNWELL], 3, false],
    ['good if a success lies between them', [UNWELL, UNWELL, WELL, UNWELL, UNWELL], 3, true],
    ['good again after one success', [UNWELL, UNWELL, UNWELL, WELL], 3, true],
  ];
  for (const [what, findings, limit, ready] of CASES) {
    it(`is ${what}`, () => {
      assert.equal(after(findings, limit).verdict?.ready, ready);
    });
  }

  it('says what the last probe said', () => {
    const { verdict } = after([UNWELL, { isWell: false, message: 'status 500' }], 2);
    assert.deepEqual(verdict, { ready: false, message: 'status 500' });
  });

  it('is news when it turns, and not before', () => {
    const bad = after([UNWELL], 1).verdict;
    const good = after([WELL], 1).verdict;
    assert.deepEqual(
      [
        isNews(undefined, good),
        isNews(good, good),
        isNews(good, bad),
        isNews(undefined, undefined),
      ],
      [true, false, true, false],
    );
  });
});

function after(findings: readonly Finding[], limit: number): HealthState {
  return findings.reduce((state, finding) => probed(state, finding, limit), UNKNOWN);
}
