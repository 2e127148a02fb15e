import { createHash } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { addAbortSignal } from 'node:stream';
import type { AwsV4Signer } from 'aws4fetch';
import type { Clock } from '../clock.js';
import { BlobStoreUnavailableError } from '../errors.js';
import { S3Failure } from './failure.js';
import { addressOf, type S3Location } from './location.js';
import { textOf } from './xml.js';

const ATTEMPTS = 3;
const FIRST_WAIT_MS = 200;
const SOCKETS = 64;
/** A list of 1,000 names of 1,024 bytes, and what stands around them. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface S3Credentials {
  readonly accessKeyId: string;
  /** A function is asked at each request, so that a secret can change. */
  readonly secretAccessKey: string | (() => string);
}

export interface S3ClientOptions {
  readonly location: S3Location;
  readonly credentials: S3Credentials;
  readonly clock: Clock;
  /** How long a server may say nothing while it is waited for. */
  readonly idleMs: number;
}

/** One request, without what all of them have. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The blob it is about; the bucket if empty. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Whether it is tried once only, as it may not be repeated. */
  readonly once?: boolean;
}

/** Signs requests, sends them, and repeats those that may succeed another time. */
export class S3Client implements Disposable {
  readonly #options: S3ClientOptions;
  readonly #Signer: typeof AwsV4Signer;
  readonly #isPlain: boolean;
  readonly #agent: HttpAgent;

  constructor(options: S3ClientOptions, Signer: typeof AwsV4Signer) {
    this.#options = options;
    this.#Signer = Signer;
    this.#isPlain = options.location.endpoint.protocol === 'http:';
    const Agent = this.#isPlain ? HttpAgent : HttpsAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  }

  /**
   * Sends a request and returns the answer, whose body is to be read or destroyed.
   *
   * Fails with an S3Failure if the server does not want it, a BlobStoreUnavailableError if it is
   * away or in trouble, and the reason of the signal.
   */
  async send(request: S3Request): Promise<IncomingMessage> {
    const { clock } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(request);
      } catch (thrown) {
        request.signal?.throwIfAborted();
        const isFinal = thrown instanceof S3Failure && !thrown.isPassing;
        if (isFinal) throw thrown;
        if (request.once || attempt === ATTEMPTS) throw new BlobStoreUnavailableError(thrown);
      }
      await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), request.signal);
      request.signal?.throwIfAborted();
    }
  }

  /** Sends a request whose answer is a text. A success that tells of an error in it is a failure. */
  async ask(request: S3Request): Promise<string> {
    const answer = await this.send(request);
    try {
      const text = await readText(answer);
      if (!text.includes('<Error>')) return text;
      throw failureIn(answer, text);
    } catch (thrown) {
      request.signal?.throwIfAborted();
      if (thrown instanceof S3Failure && !thrown.isPassing) throw thrown;
      throw new BlobStoreUnavailableError(thrown);
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #attempt(request: S3Request): Promise<IncomingMessage> {
    const answer = await this.#exchange(request);
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    throw failureIn(answer, await readText(answer));
  }

  async #exchange(request: S3Request): Promise<IncomingMessage> {
    const { url, headers } = await this.#sign(request);
    const { idleMs } = this.#options;
    return new Promise((resolve, reject) => {
      const send = this.#isPlain ? requestHttp : requestHttps;
      let answer: IncomingMessage | undefined;
      const sent = send(url, {
        method: request.method,
        headers,
        agent: this.#agent,
        timeout: idleMs,
        ...(request.signal && { signal: request.signal }),
      });
      sent.on('error', reject);
      sent.on('response', (received) => {
        answer = received;
        resolve(request.signal ? addAbortSignal(request.signal, received) : received);
      });
      sent.on('timeout', () => {
        // Nothing comes as nobody reads: that is the reader's time, not the server's.
        if (answer && answer.readableLength > 0) sent.setTimeout(idleMs);
        else sent.destroy(new Error(`the server said nothing for ${idleMs} ms`));
      });
      sent.end(request.body);
    });
  }

  async #sign(request: S3Request): Promise<{ url: URL; headers: Record<string, string> }> {
    const { clock, credentials, location } = this.#options;
    const { accessKeyId, secretAccessKey } = credentials;
    const url = addressOf(location, request.key);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      url.searchParams.set(name, value);
    }
    const signer = new this.#Signer({
      method: request.method,
      url: url.href,
      headers: { ...request.headers, 'x-amz-content-sha256': sha256(request.body) },
      accessKeyId,
      secretAccessKey: typeof secretAccessKey === 'string' ? secretAccessKey : secretAccessKey(),
      service: 's3',
      region: location.region,
      datetime: clock
        .now()
        .toISOString()
        .replace(/[:-]|\.\d{3}/g, ''),
    });
    const signed = await signer.sign();
    return { url: signed.url, headers: Object.fromEntries(signed.headers) };
  }
}

function sha256(body: Uint8Array = new Uint8Array()): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Takes of an answer no more than its code: some servers tell what was signed, and with what. */
function failureIn(answer: IncomingMessage, text: string): S3Failure {
  const code = textOf(text, 'Code') ?? '';
  const { statusCode = 0 } = answer;
  return new S3Failure(statusCode, /^\w{1,64}$/.test(code) ? code : `HTTP ${statusCode}`);
}

async function readText(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error('the answer of the server is too long');
  }
  return Buffer.concat(pieces).toString('utf8');
}
