import assert from 'node:assert/strict';
import { mayFetchFrom } from './addresses.js';

describe('mayFetchFrom', () => {
  const PUBLIC = ['93.184.216.34', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:1.1.1.1'];
  const PRIVATE = [
    ...['127.0.0.1', '127.255.0.9', '10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1'],
    ...['::1', 'fd12::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::10.0.0.1'],
    ...['::127.0.0.1', '2002:7f00:1::', '::ffff:0:10.0.0.1'],
  ];
  const NEVER = [
    ...['169.254.169.254', '0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '240.0.0.1'],
    ...['::', 'fe80::1', 'fe80::1%eth0', 'ff02::1', 'fd00:ec2::254', '::ffff:169.254.169.254'],
    ...[
      '::ffff:a9fe:a9fe',
      '64:ff9b::a9fe:a9fe',
      '2002:a9fe:a9fe::1',
      '100.100.100.200',
      '2001::1',
    ],
    ...['localhost', '', '1.2.3', '127.1', '0x7f.0.0.1', '[::1]'],
  ];
  const ROWS = [
    [PUBLIC, true, true],
    [PRIVATE, true, false],
    [NEVER, false, false],
  ] as const;
  for (const [addresses, within, without] of ROWS) {
    for (const address of addresses) {
      it(`says ${within} of ${address || '(empty)'}, ${without} where private ones are not allowed`, () => {
        assert.deepEqual(
          [mayFetchFrom(address, true), mayFetchFrom(address, false)],
          [within, without],
        );
      });
    }
  }
});
