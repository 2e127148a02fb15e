import assert from 'node:assert/strict';
import type { PhaseChange, WebhookFilter } from './webhook.js';
import { changeWebhook, type Webhook, wants } from './webhook.js';
import { kindOfAddress } from './webhook-address.js';
import { phaseChanged, withMissed } from './webhook-event.js';
import { afterFailure, CLOSED, isFailing, retryMs, type WebhookCircuit } from './webhook-retry.js';
import { requireWebhookUrl } from './webhook-url.js';

const CHANGE: PhaseChange = {
  cloneId: 'cln_1',
  name: 'first',
  kind: 'BOT',
  owner: { kind: 'team', id: 'tem_1' },
  labels: { tier: 'gold', zone: '' },
  before: 'PROVISIONING',
  after: 'RUNNING',
  reason: '',
  outcome: '',
  seq: 4,
  at: new Date('2026-01-02T03:04:05.678Z'),
  traceId: 'abc',
};

describe('a filter', () => {
  const cases: readonly (readonly [string, Partial<WebhookFilter>, boolean])[] = [
    ['of nothing', {}, true],
    ['of the kind', { kinds: ['WORKFLOW', 'BOT'] }, true],
    ['of another kind', { kinds: ['WORKFLOW'] }, false],
    ['of the phase that came', { phases: ['RUNNING'] }, true],
    ['of the phase that was', { phases: ['PROVISIONING'] }, false],
    ['of a label', { labels: { tier: 'gold' } }, true],
    ['of an empty label', { labels: { zone: '' } }, true],
    ['of a label with another value', { labels: { tier: 'iron' } }, false],
    ['of a label that is not there', { labels: { other: '' } }, false],
    ['of a label that every object has', { labels: { constructor: '' } }, false],
    ['of all of them, one wrong', { kinds: ['BOT'], phases: ['FAILED'] }, false],
  ];
  for (const [what, filter, wanted] of cases) {
    it(`${what} ${wanted ? 'lets an event through' : 'keeps an event back'}`, () => {
      const whole = { kinds: [], phases: [], labels: {}, ...filter };
      assert.equal(wants({ filter: whole }, CHANGE), wanted);
    });
  }
});

describe('an event', () => {
  const event = phaseChanged('whk_1', CHANGE);

  it('says what happened, and nothing that it must not', () => {
    assert.deepEqual(JSON.parse(event), {
      type: 'clone.phase_changed',
      version: 1,
      timestamp: '2026-01-02T03:04:05.678Z',
      data: {
        webhook_id: 'whk_1',
        clone_id: 'cln_1',
        name: 'first',
        kind: 'BOT',
        owner: { kind: 'team', id: 'tem_1' },
        phase_before: 'PROVISIONING',
        phase_after: 'RUNNING',
        reason: '',
        outcome: null,
        seq: 4,
        trace_id: 'abc',
        missed: 0,
      },
    });
  });

  it('is the same each time it is sent, and counts what was dropped before it', () => {
    assert.equal(withMissed(event, 0), event);
    assert.equal(withMissed(event, 3), withMissed(event, 3));
    assert.equal(JSON.parse(withMissed(event, 3)).data.missed, 3);
  });
});

describe('a change of a webhook', () => {
  const now = new Date(1);
  const webhook = { id: 'whk_1', name: 'one', url: 'https://a/', revision: 3 } as Webhook;

  it('keeps what it does not speak of', () => {
    const next = changeWebhook(webhook, { etag: '3', change: { name: 'two' }, now });
    assert.deepEqual(next, { ...webhook, name: 'two', updatedAt: now, revision: 4 });
  });

  it('is refused if the webhook has changed since', () => {
    assert.throws(() => changeWebhook(webhook, { etag: '2', change: {}, now }), /has changed/);
  });
});

describe('retries', () => {
  it('come later and later, up to an hour, and never all at once', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((n) => retryMs(n, 1)),
      [2_000, 4_000, 8_000, 16_000],
    );
    assert.equal(retryMs(1, 0), 1_000);
    for (const attempts of [12, 100, 5_000]) assert.equal(retryMs(attempts, 1), 3_600_000);
  });
});

describe('failures', () => {
  const fail = (from: WebhookCircuit, ...lines: readonly string[]) =>
    lines.reduce(
      (circuit, line) => {
        const next = afterFailure(circuit, line, 1);
        return { ...next, isPaused: next.pauseMs > 0 };
      },
      { ...from, pauseMs: 0 },
    );

  it('of one clone pause nothing, however many', () => {
    const circuit = fail(CLOSED, ...Array.from({ length: 100 }, () => 'one'));
    assert.deepEqual([circuit.failures, circuit.pauseMs, isFailing(circuit)], [1, 0, false]);
  });

  it('of five clones in turn pause all', () => {
    const four = fail(CLOSED, 'a', 'b', 'a', 'b');
    assert.equal(four.pauseMs, 0);
    const five = fail(four, 'a');
    assert.deepEqual([five.pauseMs, five.pauses, isFailing(five)], [30_000, 1, true]);
  });

  it('that were under way when it was paused do not pause it longer', () => {
    const paused = fail(CLOSED, 'a', 'b', 'c', 'd', 'e');
    assert.deepEqual([fail(paused, 'f').pauseMs, fail(paused, 'f').pauses], [0, 1]);
  });

  it('of probes pause twice as long each time, up to an hour', () => {
    let circuit = fail(CLOSED, 'a', 'b', 'c', 'd', 'e');
    const pauses: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      circuit = fail({ ...circuit, isPaused: false }, 'a');
      pauses.push(circuit.pauseMs / 1_000);
    }
    assert.deepEqual(pauses, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600]);
  });
});

describe('an address', () => {
  const kinds = {
    public:
      '1.1.1.1 8.8.8.8 172.15.255.255 172.32.0.0 192.167.255.255 100.63.0.1 223.255.255.255 2606:4700::1111 2a00:1450::1 64:ff9b::808:808 ::ffff:8.8.8.8 2002:808:808::1',
    private:
      '127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 0.0.0.0 0.1.2.3 100.64.0.1 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 240.0.0.1 ::1 :: fc00::1 fdff::1 fec0::1 2001:db8::1 2001::1 100::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:0:127.0.0.1 64:ff9b::10.0.0.1 2002:7f00:1::1 ::127.0.0.1 4000::1',
    forbidden:
      '169.254.169.254 169.254.0.1 100.100.100.200 168.63.129.16 224.0.0.1 239.1.1.1 255.255.255.255 fe80::1 fe80::1%eth0 febf::1 ff02::1 fd00:ec2::254 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe 64:ff9b::169.254.169.254 2002:a9fe:a9fe::',
    none: '1.2.3 1.2.3.256 1.2.3.4.5 a.b.c.d example.com :: : 1::2::3 12345:: g:: 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 ::1.2.3 01.2.3.4567',
  };
  for (const [kind, addresses] of Object.entries(kinds)) {
    it(`is ${kind}`, () => {
      for (const address of addresses
        .split(' ')
        .filter((each) => kind !== 'none' || each !== '::')) {
        assert.equal(kindOfAddress(address) ?? 'none', kind, address);
      }
    });
  }
});

describe('a URL', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /absolute/],
    ['example.com', /absolute/],
    ['//example.com', /absolute/],
    ['http://example.com/', /https/],
    ['file:///etc/passwd', /https/],
    ['https://user@example.com/', /user or password/],
    ['https://:secret@example.com/', /user or password/],
    ['https://example.com/#part', /fragment/],
    ['https://example.com\\@evil.com/', /absolute/],
    ['https://exa mple.com/', /absolute/],
    ['https://example.com/\n', /absolute/],
    ['https://127.0.0.1/', /public/],
    ['https://127.1/', /public/],
    ['https://2130706433/', /public/],
    ['https://0x7f.0.0.1/', /public/],
    ['https://0177.0.0.1/', /public/],
    ['https://[::1]/', /public/],
    ['https://[::ffff:127.0.0.1]/', /public/],
    ['https://169.254.169.254/latest', /public/],
  ];
  for (const [url, message] of refused) {
    it(`is refused: ${JSON.stringify(url)}`, () => {
      assert.throws(() => requireWebhookUrl(url, false), {
        reason: 'WEBHOOK_URL_REFUSED',
        message,
      });
    });
  }

  it('is taken as requests are sent to it', () => {
    assert.equal(
      requireWebhookUrl('HTTPS://Example.com:443/a?b', false),
      'https://example.com/a?b',
    );
    assert.equal(
      requireWebhookUrl('https://bücher.example/', false),
      'https://xn--bcher-kva.example/',
    );
    assert.equal(requireWebhookUrl('http://127.0.0.1:8080/', true), 'http://127.0.0.1:8080/');
  });

  it('is never link-local, even where private ones are allowed', () => {
    for (const host of ['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '[::ffff:a9fe:a9fe]']) {
      assert.throws(() => requireWebhookUrl(`http://${host}/`, true), {
        reason: 'WEBHOOK_URL_REFUSED',
      });
    }
  });
});
