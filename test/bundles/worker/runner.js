import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/** What the runner answered instead of a response. */
export class RunnerError extends Error {
  constructor(code, reason, message) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  /** Whether the same may be asked again: the mesh was away, or too slow. */
  get isTransient() {
    return this.code === 14 || this.code === 4;
  }
}

/** Speaks ramet.runner.v1 over the socket in RAMET_SOCKET, with what Node brings along. */
export function connectRunner() {
  const session = connectHttp2('http://localhost', {
    createConnection: () => connectSocket(process.env.RAMET_SOCKET),
  });
  const call = (method, fields = []) => callUnary(session, method, encode(fields));
  return {
    async getParameters() {
      const parameters = all(decode(await call('GetParameters')), 4).map(decode);
      return Object.fromEntries(parameters.map((each) => [text(each, 1), text(each, 2)]));
    },
    async sign(requestId, bytes) {
      const answer = decode(
        await call('SignTransaction', [
          [1, requestId],
          [2, bytes],
        ]),
      );
      return all(answer, 1)[0];
    },
    /** Has a transaction signed that pays 1000 wei; gives it as hex. */
    async pay(requestId, to) {
      const fee = encode([
        [1, '200'],
        [2, '2'],
      ]);
      // Chain 5, nonce 7, and 21000 gas: numbers that are no doubles.
      const numbers = Buffer.concat([Buffer.from([8, 5, 16, 7, 24]), varint(21_000)]);
      const rest = encode([
        [4, to],
        [5, '1000'],
        [8, fee],
      ]);
      const fields = [
        [1, requestId],
        [5, Buffer.concat([numbers, rest])],
      ];
      const answer = decode(await call('SignTransaction', fields));
      return all(decode(all(answer, 3)[0]), 1)[0].toString('hex');
    },
    async reportProgress(fraction, message) {
      await call('ReportProgress', [
        [
          1,
          encode([
            [2, fraction],
            [3, message],
          ]),
        ],
      ]);
    },
    async complete(success, message, signatures) {
      const metric = encode([
        [1, 'signatures'],
        [2, signatures],
      ]);
      await call('Complete', [
        [
          1,
          encode([
            [1, success],
            [2, message],
            [3, metric],
          ]),
        ],
      ]);
    },
    close: () => session.close(),
  };
}

function callUnary(session, method, message) {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/ramet.runner.v1.RunnerService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  const chunks = [];
  const ending = {};
  stream.on('response', (headers) => Object.assign(ending, headers));
  stream.on('trailers', (headers) => Object.assign(ending, headers));
  stream.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    stream.on('error', (error) => reject(new RunnerError(14, '', error.message)));
    stream.on('end', () => {
      const code = Number(ending['grpc-status'] ?? 14);
      if (code === 0) return resolve(Buffer.concat(chunks).subarray(5));
      reject(new RunnerError(code, reasonIn(ending), String(ending['grpc-message'])));
    });
  });
}

/** The reason in google.rpc.Status: the first detail that is an ErrorInfo. */
function reasonIn({ 'grpc-status-details-bin': details = '' }) {
  for (const any of all(decode(Buffer.from(details, 'base64')), 3).map(decode)) {
    if (text(any, 1).endsWith('ErrorInfo')) return text(decode(all(any, 2)[0]), 1);
  }
  return '';
}

/** Protobuf, as far as these messages need it: `[field, value]`, where a number is a double. */
function encode(fields) {
  return Buffer.concat(
    fields.map(([field, value]) => {
      if (typeof value === 'boolean') return Buffer.from([field << 3, value ? 1 : 0]);
      if (typeof value === 'number') {
        return Buffer.concat([
          Buffer.from([(field << 3) | 1]),
          Buffer.from(Float64Array.of(value).buffer),
        ]);
      }
      const bytes = Buffer.from(value);
      return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(bytes.length), bytes]);
    }),
  );
}

function varint(value) {
  const bytes = [];
  let left = value;
  while (left > 127) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}

function decode(bytes) {
  const fields = [];
  let at = 0;
  const next = () => {
    let [value, factor, byte] = [0, 1, 0];
    do {
      byte = bytes[at];
      at += 1;
      value += (byte & 127) * factor;
      factor *= 128;
    } while (byte > 127);
    return value;
  };
  while (at < bytes.length) {
    const tag = next();
    if ((tag & 7) === 0) fields.push([tag >> 3, next()]);
    else {
      const length = { 1: 8, 5: 4 }[tag & 7] ?? next();
      fields.push([tag >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

function all(fields, field) {
  return fields.filter(([number]) => number === field).map(([, value]) => value);
}

function text(fields, field) {
  return (all(fields, field)[0] ?? '').toString();
}
