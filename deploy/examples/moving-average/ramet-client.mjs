import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/**
 * The way from a workload to its runner: ramet.runner.v1 over the socket in RAMET_SOCKET.
 *
 * It speaks gRPC with what Node brings along: no dependency. What the calls mean stands in
 * proto/ramet/runner/v1/runner_service.proto.
 */
export function connectRunner(socketPath) {
  let session;
  const open = () => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connectHttp2('http://localhost', {
      createConnection: () => connectSocket(socketPath),
    });
    // The calls that are under way hear of it too, and their callers are who can act on it.
    session.on('error', () => undefined);
    return session;
  };
  const call = (method, fields) => callUnary(open(), method, encode(fields));
  const sign = async (requestId, kind, payload) => {
    const request = [
      [1, requestId],
      [kind, payload],
    ];
    return decode(await call('SignTransaction', request));
  };
  return {
    /** Tells what the clone was created with: `{ cloneId, executionId, keyId, parameters }`. */
    async getParameters() {
      const answer = decode(await call('GetParameters', []));
      const parameters = all(answer, 4).map((bytes) => {
        const parameter = decode(bytes);
        return [text(parameter, 1), text(parameter, 2)];
      });
      return {
        cloneId: text(answer, 1),
        executionId: text(answer, 2),
        keyId: text(answer, 3),
        parameters: Object.fromEntries(parameters),
      };
    },

    ...signersOf(sign),

    /** Reports how far the work is, from 0 to 1. */
    async reportProgress({ fraction, message, metrics = [] }) {
      const progress = encode([[2, double(fraction)], [3, message], ...metricsAt(4, metrics)]);
      await call('ReportProgress', [[1, progress]]);
    },

    /** Says how the work ended. To be called once, before the exit. */
    async complete({ success, message, metrics = [] }) {
      const report = encode([[1, success ? 1 : 0], [2, message], ...metricsAt(3, metrics)]);
      await call('Complete', [[1, report]]);
    },

    close: () => session?.close(),
  };
}

/** What can be had signed. Each takes a `requestId`, under which it is safe to repeat. */
function signersOf(sign) {
  return {
    /** Signs a request to the key's venue. Gives the query, headers and body to send, as they are. */
    async signVenueRequest({ requestId, method, host, path, query = '', body = '' }) {
      const venue = encode([method, host, path, query, body].map((value, at) => [at + 1, value]));
      const answer = await sign(requestId, 3, venue);
      const signed = decode(all(answer, 2)[0] ?? Buffer.alloc(0));
      const headers = all(signed, 2)
        .map(decode)
        .map((header) => [text(header, 1), text(header, 2)]);
      return {
        query: text(signed, 1),
        headers: Object.fromEntries(headers),
        body: all(signed, 3)[0] ?? Buffer.alloc(0),
      };
    },

    /** Signs bytes as they are. */
    async signRaw({ requestId, bytes }) {
      const answer = await sign(requestId, 2, bytes);
      return signatureIn(answer);
    },

    /** Signs a digest of 32 bytes. */
    async signPrehashed({ requestId, digest }) {
      return signatureIn(await sign(requestId, 4, digest));
    },

    /** Signs a message as wallets of Ethereum do (EIP-191). Gives 65 bytes. */
    async signEvmMessage({ requestId, message }) {
      return signatureIn(await sign(requestId, 6, message));
    },

    /** Signs typed data (EIP-712), given as an object or as JSON. Gives 65 bytes. */
    async signEvmTypedData({ requestId, typedData }) {
      const json = typeof typedData === 'string' ? typedData : JSON.stringify(typedData);
      return signatureIn(await sign(requestId, 7, json));
    },

    /** Signs the message of a transaction of Solana. Gives 64 bytes. */
    async signSolanaMessage({ requestId, message }) {
      return signatureIn(await sign(requestId, 8, message));
    },

    /**
     * Signs a transaction of Ethereum (EIP-1559), amounts in wei as decimal digits. Gives what can be
     * broadcast, as `eth_sendRawTransaction` takes it.
     */
    async signEvmTransaction({ requestId, ...transaction }) {
      return signedEvmTransaction(await sign(requestId, 5, evmTransaction(transaction)));
    },
  };
}

/**
 * What the runner answered instead of a response. `reason` is stable, such as GRANT_REVOKED, and
 * `metadata` says more, such as the `limit` of LIMIT_EXCEEDED. `retryAfterMs` is how long to wait, or
 * undefined where nothing was said of it.
 */
export class RunnerError extends Error {
  constructor(code, message, { reason = '', metadata = {}, retryAfterMs } = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The gRPC code of what may be asked again. */
export const UNAVAILABLE = 14;

function callUnary(session, method, message) {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/ramet.runner.v1.RunnerService/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks = [];
    const ending = {};
    stream.on('response', (headers) => Object.assign(ending, headers));
    stream.on('trailers', (headers) => Object.assign(ending, headers));
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', (error) => reject(new RunnerError(UNAVAILABLE, error.message)));
    stream.on('close', () => {
      if (ending['grpc-status'] === '0') resolve(Buffer.concat(chunks).subarray(5));
      else reject(errorIn(ending));
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

function errorIn(ending) {
  const code = Number(ending['grpc-status'] ?? UNAVAILABLE);
  return new RunnerError(code, decodeURIComponent(ending['grpc-message'] ?? ''), detailsIn(ending));
}

/** What google.rpc.Status tells besides: an ErrorInfo, and a RetryInfo where waiting helps. */
function detailsIn({ 'grpc-status-details-bin': bytes = '' }) {
  const details = all(decode(Buffer.from(bytes, 'base64')), 3).map(decode);
  const the = (type) => {
    const found = details.find((any) => text(any, 1).endsWith(`google.rpc.${type}`));
    return found && decode(all(found, 2)[0]);
  };
  const [info, retry] = [the('ErrorInfo') ?? [], the('RetryInfo')];
  const entries = all(info, 3).map(decode);
  return {
    reason: text(info, 1),
    metadata: Object.fromEntries(entries.map((entry) => [text(entry, 1), text(entry, 2)])),
    retryAfterMs: retry && millisecondsIn(retry),
  };
}

/** The delay of a RetryInfo. */
function millisecondsIn(retry) {
  const delay = decode(all(retry, 1)[0] ?? Buffer.alloc(0));
  const [seconds = 0, nanos = 0] = [all(delay, 1)[0], all(delay, 2)[0]];
  return seconds * 1_000 + nanos / 1e6;
}

/** Protobuf, as far as these messages need it: `[field, value]` in order. */
function encode(fields) {
  return Buffer.concat(
    fields.map(([field, value]) => {
      if (typeof value === 'number') return Buffer.concat([varint(field << 3), varint(value)]);
      if (value instanceof Float64Array) {
        return Buffer.concat([varint((field << 3) | 1), Buffer.from(value.buffer)]);
      }
      const bytes = Buffer.from(value);
      return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
    }),
  );
}

function decode(bytes) {
  const fields = [];
  let at = 0;
  const next = () => {
    let [value, shift, byte] = [0, 1, 0];
    do {
      byte = bytes[at];
      at += 1;
      value += (byte & 127) * shift;
      shift *= 128;
    } while (byte > 127);
    return value;
  };
  while (at < bytes.length) {
    const tag = next();
    const wire = tag & 7;
    if (wire === 0) fields.push([tag >> 3, next()]);
    else {
      const length = FIXED_BYTES[wire] ?? next();
      fields.push([tag >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

const FIXED_BYTES = { 1: 8, 5: 4 };

function varint(value) {
  const bytes = [];
  let left = value;
  while (left > 127) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}

function evmTransaction({ chainId, nonce, gasLimit, to, value, fee, data = [] }) {
  const dynamic = encode([fee.max, fee.maxPriority].map((each, at) => [at + 1, each]));
  const numbers = [chainId, nonce, gasLimit].map((each, at) => [at + 1, each]);
  const texts = [to, value, data].map((each, at) => [at + 4, each]);
  return encode([...numbers, ...texts, [8, dynamic]]);
}

function signatureIn(answer) {
  return all(answer, 1)[0] ?? Buffer.alloc(0);
}

function signedEvmTransaction(answer) {
  const signed = decode(all(answer, 3)[0] ?? Buffer.alloc(0));
  const hex = (field) => `0x${(all(signed, field)[0] ?? Buffer.alloc(0)).toString('hex')}`;
  return { rawTransaction: hex(1), hash: hex(2), sender: text(signed, 3) };
}

function metricsAt(field, metrics) {
  return metrics.map(({ name, value, unit = '' }) => [
    field,
    encode([
      [1, name],
      [2, double(value)],
      [3, unit],
    ]),
  ]);
}

function double(value) {
  return Float64Array.of(value);
}

function all(fields, field) {
  return fields.filter(([number]) => number === field).map(([, value]) => value);
}

function text(fields, field) {
  return (all(fields, field)[0] ?? '').toString();
}
