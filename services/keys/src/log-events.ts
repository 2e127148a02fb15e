import type { BusMessage } from '@ramet/database';
import { SignedHead } from '@ramet/proto-gen/keys.v1';
import type { Head, LogOwner } from './domain/log.js';
import { toHeadMessage } from './log-messages.js';

/**
 * A head was signed. For witnesses outside: whoever keeps it can prove later that nothing before it
 * was changed. Who misses one asks for the newest.
 */
export function headSigned(owner: LogOwner, head: Head): BusMessage {
  const { kind, id } = owner;
  const name = kind === 'mesh' ? kind : id;
  return {
    subject: `ramet.keys.log.${name}.head_signed`,
    payload: SignedHead.encode(toHeadMessage(owner, head)).finish(),
    id: `keys:log:${name}:${head.size}`,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': `keys:log:${name}:${head.size}`,
      'ce-source': '/ramet/keys',
      'ce-type': 'ramet.keys.v1.log.head_signed',
      'ce-subject': name,
      'ce-time': head.at.toISOString(),
      'ce-datacontenttype': 'application/protobuf',
    },
  };
}
