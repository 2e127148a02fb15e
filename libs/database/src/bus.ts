import {
  connect,
  ErrorCode,
  type JetStreamManager,
  type NatsConnection,
  type NatsError,
  nanos,
  headers as natsHeaders,
  type Subscription,
} from 'nats';
import { type Bell, createBell } from './bell.js';
import type { Clock, Logger } from './ports.js';

/** A message to store in the stream. */
export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** The stream drops a second message of the same id for two minutes. */
  readonly id: string;
}

/**
 * The way to NATS. It only shortens waits: everything works, later, while it is away.
 *
 * It connects and reconnects for ever, and makes the stream `RAMET` whenever that is missing.
 */
export interface Bus extends AsyncDisposable {
  readonly connected: boolean;
  /** Rings at each connect. */
  readonly online: Bell;
  /** Rings when the connection is lost: from then on all have only their own clocks. */
  readonly offline: Bell;
  /** Stores a message in the stream. Throws if that was not confirmed: it may be stored or not. */
  publish(message: BusMessage): Promise<void>;
  /** Tells whoever listens right now, without any guarantee. */
  signal(subject: string): void;
  /** Calls back for each message of a subject, whenever connected, until the function is called. */
  subscribe(subject: string, callback: (subject: string) => void): () => void;
}

export interface BusOptions {
  readonly url: string;
  readonly token?: string;
  /** The name under which the server lists the connection. */
  readonly name?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The stream that holds what all services publish. Bounded: it is no archive. */
export const STREAM = 'RAMET';

const STREAM_CONFIG = {
  name: STREAM,
  subjects: ['ramet.>'],
  max_age: nanos(7 * 24 * 60 * 60_000),
  max_bytes: 256 * 1024 * 1024,
  duplicate_window: nanos(2 * 60_000),
};

const RETRY_MS = 500;
const CONNECT_TIMEOUT_MS = 3_000;
const PING_MS = 5_000;
const PUBLISH_TIMEOUT_MS = 3_000;

/** Starts to connect to NATS, and goes on without it until it is there. Never fails. */
export function connectBus(options: BusOptions): Bus {
  return new NatsBus(options);
}

class NatsBus implements Bus {
  readonly online = createBell();
  readonly offline = createBell();
  connected = false;
  readonly #options: BusOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #listeners = new Map<Listener, Subscription | undefined>();
  #connection: NatsConnection | undefined;
  #stream: Promise<void> | undefined;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async publish({ subject, payload, headers, id }: BusMessage): Promise<void> {
    const connection = this.#connection;
    if (!connection || !this.connected) throw new Error('NATS is away');
    const head = natsHeaders();
    for (const [name, value] of Object.entries(headers)) head.set(name, value);
    try {
      await this.#ensureStream(connection);
      const stream = connection.jetstream({ timeout: PUBLISH_TIMEOUT_MS });
      await stream.publish(subject, payload, { msgID: id, headers: head });
    } catch (thrown) {
      // The stream may have been deleted: the next publish looks for it.
      this.#stream = undefined;
      throw thrown;
    }
  }

  signal(subject: string): void {
    if (this.connected) this.#connection?.publish(subject);
  }

  subscribe(subject: string, callback: (subject: string) => void): () => void {
    const listener = { subject, callback };
    this.#listeners.set(listener, this.#connection && listen(this.#connection, listener));
    return () => {
      this.#listeners.get(listener)?.unsubscribe();
      this.#listeners.delete(listener);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    let isAway = false;
    while (!this.#stop.signal.aborted) {
      try {
        const connection = await this.#connect();
        isAway = false;
        await this.#serve(connection);
      } catch (thrown) {
        if (!isAway) logger.warn('nats is away', { error: String(thrown) });
        isAway = true;
      }
      await clock.sleep(RETRY_MS, this.#stop.signal);
    }
  }

  #connect(): Promise<NatsConnection> {
    const { url, token, name } = this.#options;
    return connect({
      servers: url,
      ...(token === undefined ? {} : { token }),
      ...(name === undefined ? {} : { name }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: RETRY_MS,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_MS,
      maxPingOut: 2,
    });
  }

  /** Uses a connection until it is closed for good. */
  async #serve(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    if (this.#stop.signal.aborted) await connection.close();
    for (const listener of this.#listeners.keys()) {
      this.#listeners.set(listener, listen(connection, listener));
    }
    this.#setOnline(connection);

    // The status goes on for ever, also after the connection's end, so nobody waits for it.
    void this.#watch(connection);
    await connection.closed();
    this.connected = false;
    this.#connection = undefined;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'reconnect') this.#setOnline(connection);
      if (type === 'disconnect') {
        this.connected = false;
        this.#options.logger.warn('nats is away');
        this.offline.ring();
      }
    }
  }

  #setOnline(connection: NatsConnection): void {
    this.connected = true;
    this.#stream = undefined;
    this.#ensureStream(connection).catch((thrown: unknown) => {
      this.#options.logger.warn('the nats stream is missing', { error: String(thrown) });
    });
    this.#options.logger.info('nats is connected');
    this.online.ring();
  }

  /** Makes the stream if it is missing, once for all publishes that wait for it. */
  #ensureStream(connection: NatsConnection): Promise<void> {
    this.#stream ??= makeStream(connection);
    return this.#stream;
  }
}

interface Listener {
  readonly subject: string;
  readonly callback: (subject: string) => void;
}

function listen(connection: NatsConnection, { subject, callback }: Listener): Subscription {
  return connection.subscribe(subject, {
    callback: (error, message) => {
      if (!error) callback(message.subject);
    },
  });
}

async function makeStream(connection: NatsConnection): Promise<void> {
  const options = { checkAPI: false, timeout: PUBLISH_TIMEOUT_MS };
  const manager: JetStreamManager = await connection.jetstreamManager(options);
  try {
    await manager.streams.info(STREAM);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    await manager.streams.add(STREAM_CONFIG);
  }
}

function isMissing(thrown: unknown): boolean {
  const { code, api_error: api } = thrown as Partial<NatsError>;
  return code === ErrorCode.JetStream404NoMessages || api?.code === 404;
}
