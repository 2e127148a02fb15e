// Goal: T13, T24. No flag that would show secrets passes, in whichever way it is written.
import assert from 'node:assert/strict';
import { optionsIn, unsafeFlags } from './start-flags.js';

const UNSAFE = [
  ...['--inspect', '--inspect=0', '--inspect-brk', '--inspect_brk=9229', '--inspect-wait'],
  ...['--inspect-port=0', '--debug-port=1', '--inspect-publish-uid=stderr,http'],
  ...['--heap-prof', '--heap_prof', '--heap-prof-dir=/tmp', '--cpu-prof', '--cpu_prof_name=x'],
  ...['--heapsnapshot-signal=SIGUSR2', '--heapsnapshot_signal=SIGUSR2'],
  ...['--heapsnapshot-near-heap-limit=1', '--heapsnapshot_near-heap_limit=1'],
  ...['--report-on-signal', '--report_on_fatalerror', '--report-uncaught-exception'],
  ...['--report-signal=SIGUSR2', '--report-dir=/tmp', '--report-compact', '--diagnostic-dir=/tmp'],
  ...['--import=./x.js', '--require=./x.js', '--require', '-r', '--loader=./x.js'],
  ...['--experimental-loader=./x.js', '--experimental_loader', '--env-file=.env', '-i', '-e', '-p'],
  ...['--eval', '--interactive', '--watch', '--test', '--experimental-repl-await'],
  ...['--tls-keylog=/tmp/keys', '--trace-tls', '--openssl-config=/tmp/x', '--expose-gc'],
  ...['--abort-on-uncaught-exception', '--prof', '--perf-basic-prof', '--trace-events-enabled'],
  ...['--experimental-network-inspection', '--snapshot-blob=x', '--allow-natives-syntax'],
  ...['--a-flag-of-a-later-node', './x.js', '--'],
];

const SAFE = [
  ...['--enable-source-maps', '--enable_source_maps', '--disable-proto=delete', '--no-warnings'],
  ...['--secure-heap=16777216', '--secure-heap-min=32', '--max-old-space-size=512'],
  ...['--max_old_space_size=512', '--unhandled-rejections=strict'],
];

describe('the flags of a process that holds secrets', () => {
  for (const flag of UNSAFE) {
    it(`are not ${flag}`, () => {
      assert.deepEqual(unsafeFlags([...SAFE, flag]), [flag]);
      assert.deepEqual(unsafeFlags(optionsIn(`${SAFE.join(' ')} "${flag}"`)), [flag]);
    });
  }

  it('may be those that show nothing', () => {
    assert.deepEqual(unsafeFlags(SAFE), []);
  });
});

describe('NODE_OPTIONS', () => {
  for (const [text, options] of [
    ['', []],
    ['  --a   --b=1 ', ['--a', '--b=1']],
    ['"--inspect"', ['--inspect']],
    ['--ins"pect"=0', ['--inspect=0']],
    ['"--title=a b" --c', ['--title=a b', '--c']],
    ['"--title=a \\" --inspect" --c', ['--title=a " --inspect', '--c']],
    ['"--in\\spect"', ['--inspect']],
    ['"--open', ['--open']],
  ] as const) {
    it(`are parted as Node does: ${text}`, () => {
      assert.deepEqual(optionsIn(text), options);
    });
  }
});
