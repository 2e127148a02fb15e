import { all, always, but, DENIED, everyMachine, type Row, type Verdicts } from './row.js';

const TEAM = 'TEAM_NOT_FOUND';
const KEY = 'KEY_NOT_FOUND';
const ENTRY = 'ENTRY_NOT_FOUND';
const OWN_TEAM: Verdicts = [TEAM, DENIED, 'ok', 'ok', TEAM];

/** Who may have proof of what was signed and refused: whoever manages the key. */
export const RECEIPTS: readonly Row[] = [
  {
    rpc: 'ramet.keys.v1.KeyService/ListDenials',
    request: ({ keyId }) => ({ keyId }),
    people: {
      own: [KEY, KEY, 'ok', 'ok', KEY],
      foreign: all(KEY),
      missing: all(KEY),
      personal: [KEY, 'ok', KEY, KEY, KEY],
    },
  },
  {
    rpc: 'ramet.keys.v1.ReceiptService/GetReceipt',
    request: ({ keyId }) => ({ keyId, requestId: 'never-asked' }),
    people: {
      own: [KEY, KEY, ENTRY, ENTRY, KEY],
      foreign: all(KEY),
      missing: all(KEY),
      personal: [KEY, ENTRY, KEY, KEY, KEY],
    },
  },
  ...[
    ['GetConsistencyProof', { firstSize: '0' }] as const,
    ['GetSignedHead', {}] as const,
    ['ListSignedHeads', {}] as const,
  ].map(([method, more]) => ({
    rpc: `ramet.keys.v1.ReceiptService/${method}`,
    request: ({ teamId }: { readonly teamId: string }) => ({ owner: { teamId }, ...more }),
    people: { own: OWN_TEAM, foreign: all(TEAM), missing: all(TEAM) },
  })),
  {
    rpc: 'ramet.keys.v1.ReceiptService/ListLogKeys',
    request: () => ({}),
    people: always(all('ok')),
    machines: everyMachine('ok'),
    isOpen: true,
  },
  {
    rpc: 'ramet.keys.v1.ReceiptService/RotateLogKey',
    request: () => ({ newest: 'none that there is' }),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.keys.v1.ReceiptService/RetireLogKey',
    request: () => ({ verifier: 'none that there is' }),
    people: always(but(DENIED, 'LOG_KEY_NOT_FOUND')),
  },
  {
    rpc: 'ramet.keys.v1.ReceiptService/AuditLogs',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
];
