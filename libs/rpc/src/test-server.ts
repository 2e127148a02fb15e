import assert from 'node:assert/strict';
import type { Call, Caller, Uploading } from './call.js';
import { implement } from './implement.js';
import type { Invalid } from './method.js';
import type { Logger } from './ports.js';
import { RemoteError } from './remote-error.js';
import { type RunningServer, type ServeOptions, serve } from './serve.js';
import { type EchoRequest, type EchoResponse, echoService, testContract } from './test-contract.js';

/** What the server of a test does on each call. */
export interface TestHandlers {
  readonly echo?: (request: EchoRequest, call: Call) => Promise<EchoResponse | Buffer>;
  readonly count?: (request: EchoRequest, call: Call) => AsyncIterable<EchoResponse>;
  readonly upload?: Uploading<EchoRequest, EchoResponse>;
  /** Told of invalid requests of `echo`. */
  readonly invalid?: Invalid<EchoRequest>;
}

/** A line that a server under test has logged. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A caller for tests, of any kind. */
export function callerNamed(kind: Caller['kind'], id: string, admin = false): Caller {
  return { kind, id, admin, tokenId: 'tok_1' };
}

/** Takes the metadata `caller: <kind>:<id>` for proof of who is calling. */
function authenticateByName(metadata: Call['metadata']): Caller {
  const [kind, id = ''] = (metadata.get('caller') ?? 'anonymous:').split(':');
  return callerNamed(kind as Caller['kind'], id, id === 'admin');
}

/** A logger that keeps its lines. */
function createTestLogger(lines: LoggedLine[]): Logger {
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ level, message, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Serves the test service on loopback. All unary methods do what `echo` does. */
export async function startTestServer(
  handlers: TestHandlers = {},
  options: Partial<ServeOptions> & { readonly lines?: LoggedLine[] } = {},
): Promise<RunningServer> {
  const echo = handlers.echo ?? (async ({ text = '' }) => ({ text }));
  const count = handlers.count ?? countTo3;
  const upload = handlers.upload ?? joinTexts;
  return serve({
    host: '127.0.0.1',
    port: 0,
    services: [
      implement(
        echoService(),
        {
          echo,
          anyone: echo,
          admin: echo,
          mesh: echo,
          run: echo,
          count,
          upload,
        },
        handlers.invalid && { echo: handlers.invalid },
      ),
    ],
    contract: testContract(),
    authenticate: authenticateByName,
    logger: createTestLogger(options.lines ?? []),
    ...options,
  });
}

async function* countTo3(): AsyncGenerator<EchoResponse> {
  for (const text of ['1', '2', '3']) yield { text };
}

async function joinTexts(requests: AsyncIterable<EchoRequest>): Promise<EchoResponse> {
  const texts: string[] = [];
  for await (const { text = '' } of requests) texts.push(text);
  return { text: texts.join(' ') };
}

/** Handlers that note each call. */
export function recording(calls: Call[]): TestHandlers {
  return {
    echo: async (_: EchoRequest, call: Call) => {
      calls.push(call);
      return { text: '' };
    },
  };
}

/** The error that a call fails with. */
export async function rejection(call: Promise<unknown>): Promise<RemoteError> {
  try {
    await call;
  } catch (thrown) {
    assert.ok(thrown instanceof RemoteError, String(thrown));
    return thrown;
  }
  assert.fail('the call has succeeded');
}
