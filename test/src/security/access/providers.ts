import { all, always, but, DENIED, everyMachine, type Row } from './row.js';

const NOBODY = `prv_${'0'.repeat(26)}`;
const NOT_FOUND = 'PROVIDER_NOT_FOUND';
const SIGNATURE = Buffer.alloc(65, 1).toString('base64');

/** Who may do what about providers, at teams. */
export const PROVIDERS: readonly Row[] = [
  {
    rpc: 'ramet.teams.v1.TokenService/ExchangeSignedRequest',
    request: ({ cloneId }) => ({
      ...{ action: 'clones.stop', targetId: cloneId, nonce: '1', signature: SIGNATURE },
      expireTime: '2030-01-01T00:00:00Z',
    }),
    people: always(all('CREDENTIAL_INVALID')),
    machines: everyMachine('CREDENTIAL_INVALID'),
    isOpen: true,
  },
  {
    // It is to act as one who is not there: later cells are about the others.
    rpc: 'ramet.teams.v1.ProviderService/RegisterProvider',
    request: (_, { missing }) => ({
      ...{ name: 'ocean', address: `0x${'0'.repeat(40)}`, actions: ['clones.stop'] },
      userId: missing.userId,
    }),
    people: always(but(DENIED, 'USER_NOT_FOUND')),
  },
  {
    rpc: 'ramet.teams.v1.ProviderService/GetProvider',
    request: () => ({ id: NOBODY }),
    people: always(but(DENIED, NOT_FOUND)),
  },
  {
    rpc: 'ramet.teams.v1.ProviderService/ListProviders',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.teams.v1.ProviderService/UpdateProvider',
    request: () => ({ id: NOBODY, enabled: false }),
    people: always(but(DENIED, NOT_FOUND)),
  },
];
